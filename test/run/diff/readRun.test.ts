import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readCommittedRows } from '../../../src/run/diff/readRun.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';

test('a finished run is read from its folder alone: columns, steps, funnel', async () => {
  const { run } = await finishedRun(6, ['target: 2']);
  const read = await readCommittedRows(nodeFiles, run);
  assert.deepEqual(read.steps, ['deduplicate']);
  assert.deepEqual(
    read.columns.map(({ name }) => name),
    ['seq', 'question', 'reward'],
  );
  assert.deepEqual([read.kept, read.isComplete, read.funnel[0]!.step], [2, true, 'deduplicate']);
});

test('a run that kept nothing has no columns; a folder without a run is refused', async () => {
  const { run } = await finishedRun(0);
  const read = await readCommittedRows(nodeFiles, run);
  assert.deepEqual([read.columns, read.kept, read.funnel[0]!.dropped], [[], 0, { all: 1 }]);
  await assert.rejects(readCommittedRows(nodeFiles, temporaryFolder()), { code: 'ERR_RUN_FOLDER' });
});
