import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemWorld } from '../../src/run/systemWorld.js';

test('the world of a run is this process: its environment, a clock that goes on, what it uses', async () => {
  const { env, clock, now, nowMs, watchProcess } = systemWorld();
  assert.equal(env['PATH'], process.env['PATH']);
  const [beforeMs, since] = [clock.nowMs(), nowMs()];
  await clock.sleep(5);
  assert.ok(clock.nowMs() > beforeMs && nowMs() > since);
  assert.ok(Math.abs(now().getTime() - Date.now()) < 10_000);
  assert.ok(watchProcess()().memoryPeakBytes > 2 ** 20);
});
