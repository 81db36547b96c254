import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { viewedRunOf } from '../../src/view/viewedRun.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

test('a page is told the files, columns and steps of a run', async () => {
  const { run } = await finishedRun(6, ['target: 2']);
  const { shards, rejects, columns, steps, kept, isRunning } = await viewedRunOf(nodeFiles, run);
  assert.deepEqual(
    shards.map(({ file, rows }) => [file, rows]),
    [['shards/shard-00000.parquet', 2]],
  );
  assert.deepEqual([rejects, steps, kept, isRunning], [[], ['deduplicate'], 2, false]);
  assert.deepEqual(columns[0], { name: 'seq', type: 'int32' });
});
