import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import type { CommitRecord } from '../../../src/io/runFolder/manifest.js';
import type { RejectRow } from '../../../src/io/runFolder/rejectsWriter.js';
import { writeRejects } from '../../helpers/files/commitFiles.js';
import { rejectsFile } from '../../../src/io/runFolder/runPaths.js';
import { rejectedFinder } from '../../../src/run/verify/rejectedFinder.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const row = (seq: number, more: Partial<RejectRow> = {}): RejectRow => ({
  ...{ seq, seqIndex: 0, step: 's', reason: 'ROW_TIMEOUT', kind: 'rejected' },
  ...{ message: `m${seq}`, question: null, reply: null },
  ...more,
});

async function commitOf(
  folder: string,
  index: number,
  next: number,
  rows: RejectRow[],
): Promise<CommitRecord> {
  const file = rejectsFile(index);
  const written = await writeRejects(nodeFiles, join(folder, file), rows);
  const rejects = written && { file, ...written };
  return { kind: 'commit', index, next, kept: 0, shard: null, rejects, state: null, counts: {}, done: false };
}

test('a row that an error rejected is found by its position, a dropped one is not', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'rejects'));
  const second = row(1, { seqIndex: 1, message: 'second' });
  const dropped = row(2, { kind: 'dropped', reason: 'language' });
  const commits = [
    await commitOf(folder, 0, 3, [row(1), second, dropped]),
    await commitOf(folder, 1, 5, []),
    await commitOf(folder, 2, 9, [row(5), row(8)]),
  ];
  const find = rejectedFinder(nodeFiles, folder, commits);
  assert.deepEqual(await find(1), { reason: 'ROW_TIMEOUT', message: 'm1', reply: null });
  for (const [seq, message] of [
    [5, 'm5'],
    [8, 'm8'],
    [2, undefined],
    [3, undefined],
    [9, undefined],
  ] as const)
    assert.equal((await find(seq))?.message, message, `${seq}`);
  assert.equal(await rejectedFinder(nodeFiles, folder, [])(0), undefined);
});

test('tables are read when they are asked for, and few are held', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'rejects'));
  const commits: CommitRecord[] = [];
  for (let index = 0; index < 12; index++)
    commits.push(await commitOf(folder, index, index + 1, [row(index)]));
  const opened: string[] = [];
  const files: Files = {
    ...nodeFiles,
    open(path, mode) {
      opened.push(basename(path));
      return nodeFiles.open(path, mode);
    },
  };
  const find = rejectedFinder(files, folder, commits);
  assert.deepEqual(opened, []);
  for (let seq = 0; seq < 12; seq++)
    for (const each of [seq, Math.max(0, seq - 1)]) assert.equal((await find(each))?.message, `m${each}`);
  assert.equal(new Set(opened).size, 12);
  const once = opened.length;
  await find(11);
  assert.equal(opened.length, once, 'the last ones are held');
  await find(0);
  assert.ok(opened.length > once, 'the first ones are not');
});
