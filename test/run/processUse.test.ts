import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchProcess } from '../../src/run/processUse.js';

test('a watched process tells its processor time, its memory, and how long its event loop was held up', async () => {
  const use = watchProcess();
  await delay(30);
  const endMs = performance.now() + 120;
  while (performance.now() < endMs);
  await delay(30);
  const { cpuS, memoryPeakBytes, eventLoop } = use();
  assert.ok(cpuS > 0 && cpuS < 60, `${cpuS} s of CPU`);
  assert.ok(memoryPeakBytes > 2 ** 20);
  assert.ok(eventLoop.maxMs >= 90, `held up for ${eventLoop.maxMs} ms`);
  assert.ok(eventLoop.medianMs <= eventLoop.p99Ms && eventLoop.p99Ms <= eventLoop.maxMs);
});
