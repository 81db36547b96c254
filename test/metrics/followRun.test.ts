import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPipeline } from '../../src/index.js';
import { followRun, readNothing } from '../../src/metrics/followRun.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

test('before a run there is nothing but the process', () => {
  const { facts, models, steps, use } = readNothing();
  assert.deepEqual([facts, models, steps], [null, {}, {}]);
  assert.ok(use.cpuS > 0 && use.residentBytes > 1e6);
});

test('a run is followed from its plan to its report, and no longer once that is stopped', async () => {
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out, set: { target: 3 } });
  const followed = followRun(run, new Date(5000));
  const stopped = followRun(run, new Date(5000));
  stopped.stop();
  const before = followed.read();
  assert.deepEqual([before.phase, before.facts?.startedS, before.facts?.target], ['starting', 5, 3]);
  assert.deepEqual(Object.keys(before.steps), ['deduplicate']);
  await run.result;
  assert.deepEqual([followed.read().phase, followed.read().rowsKept], ['finished', 3]);
  assert.equal(stopped.read().phase, 'starting');
});
