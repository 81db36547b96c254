import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { RejectRow } from '../../../src/io/runFolder/rejectsWriter.js';
import { writeRejects } from '../../helpers/files/commitFiles.js';
import { rejectsFile } from '../../../src/io/runFolder/runPaths.js';
import { readRejected } from '../../../src/run/verify/readRejected.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('rows that an error rejected are known by their position, dropped ones are not', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'rejects'));
  const row = (seq: number, more: Partial<RejectRow>): RejectRow => ({
    ...{
      seq,
      seqIndex: 0,
      step: 's',
      reason: 'ROW_TIMEOUT',
      kind: 'rejected',
      message: `m${seq}`,
      question: null,
      reply: null,
    },
    ...more,
  });
  const rows = [
    row(1, {}),
    row(1, { seqIndex: 1, message: 'second' }),
    row(2, { kind: 'dropped', reason: 'language' }),
  ];
  const rejects = {
    file: rejectsFile(0),
    ...(await writeRejects(nodeFiles, join(folder, rejectsFile(0)), rows))!,
  };
  const commit = {
    kind: 'commit',
    index: 0,
    next: 3,
    kept: 0,
    shard: null,
    rejects,
    state: null,
    counts: {},
    done: true,
  } as const;
  const none = { ...commit, index: 1, rejects: null };
  assert.deepEqual(
    [...(await readRejected(nodeFiles, folder, [commit, none]))],
    [[1, { reason: 'ROW_TIMEOUT', message: 'm1', reply: null }]],
  );
  assert.equal((await readRejected(nodeFiles, folder, [none])).size, 0);
});
