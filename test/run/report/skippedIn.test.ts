import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { countSkipped } from '../../../src/io/sources/skippedLines.js';
import { skippedIn } from '../../../src/run/report/skippedIn.js';
import { checkDeps } from '../../helpers/runs/pipelineWorld.js';
import { checkFile } from '../../../src/pipeline/check/check.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('counted up to the last row, from the source itself where no reader came to its end', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'in.jsonl'), '{"question":"a"}\nbad\n{"question":"b"}\nworse\n');
  const plan = async (
    more: string,
    source = ', onBadLine: skip',
  ): Promise<Parameters<typeof skippedIn>[0]> => {
    const file = join(folder, 'p.yaml');
    await writeFile(
      file,
      `name: p\n${more}\nsource: { jsonl: { path: in.jsonl${source} }, batchRows: 1 }\nsteps: [{ deduplicate: { similarityMin: null } }]\n`,
    );
    return checkFile(file, checkDeps());
  };
  const lines = async (more: string, rowsIn: number): Promise<unknown> =>
    (await skippedIn(await plan(more), { rowsIn, rowsKept: rowsIn }, nodeFiles, null)).skipped?.lines;
  assert.equal(await lines('', 2), 2);
  assert.equal(await lines('limit: 2', 2), 1);
  assert.equal(await lines('target: 1', 1), 0);
  const counter = countSkipped();
  counter.add({ file: 'in.jsonl', line: 9, position: 0, message: 'x' });
  assert.deepEqual(await skippedIn(await plan(''), { rowsIn: 2, rowsKept: 2 }, nodeFiles, counter), {
    skipped: { lines: 1, first: [{ file: 'in.jsonl', line: 9, message: 'x' }] },
  });
  assert.deepEqual(await skippedIn(await plan('', ''), { rowsIn: 2, rowsKept: 2 }, nodeFiles, null), {});
});
