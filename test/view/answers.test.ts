import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemWorld } from '../../src/run/systemWorld.js';
import { createAnswers } from '../../src/view/answers.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

test('committed files are known by their names in the manifest, and no other name is', async () => {
  const { run } = await finishedRun(6);
  const answers = createAnswers({ folder: run, ...systemWorld() });
  assert.equal(await answers.isCommitted('shards/shard-00000.parquet'), true);
  for (const file of [
    'shards/shard-00009.parquet',
    'manifest.jsonl',
    'shards/../shards/shard-00000.parquet',
    '',
  ])
    assert.equal(await answers.isCommitted(file), false, file);
});

test('what costs much is done one after the other, and a failure holds up nothing', async () => {
  const { run } = await finishedRun(6);
  const answers = createAnswers({ folder: run, ...systemWorld() });
  const [failed, row] = await Promise.allSettled([answers.diff('/nowhere'), answers.row(3)]);
  assert.equal(failed.status, 'rejected');
  assert.equal((row as PromiseFulfilledResult<{ seq: number }>).value.seq, 3);
});
