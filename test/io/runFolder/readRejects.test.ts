import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readRejects } from '../../../src/io/runFolder/readRejects.js';
import type { RejectRow } from '../../../src/io/runFolder/rejectsWriter.js';
import { copyOf, finishedRun } from '../../helpers/runs/finishedRun.js';

async function rowsOf(folder: string): Promise<RejectRow[]> {
  const rows: RejectRow[] = [];
  for await (const row of readRejects(nodeFiles, folder)) rows.push(row);
  return rows;
}

test('the lost rows are read as they were written, and a changed byte is noticed', async () => {
  const finished = await finishedRun(0);
  const { run } = copyOf(finished);
  assert.deepEqual(await rowsOf(run), [
    {
      ...{ seq: 0, seqIndex: 0, step: 'custom', reason: 'all', kind: 'dropped', message: '' },
      ...{ question: 'What is 0?', reply: null },
    },
  ]);
  const file = join(run, 'rejects', readdirSync(join(run, 'rejects'))[0]!);
  const bytes = readFileSync(file);
  bytes[10]! ^= 1;
  writeFileSync(file, bytes);
  await assert.rejects(rowsOf(run), { code: 'ERR_DATA_INVALID' });
});
