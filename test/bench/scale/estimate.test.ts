import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOn, estimate, gpuSecondsPerRow, gpusFed } from '../../../bench/scale/estimate.js';

const ROW = { cpuMs: 1, indexBytes: 400, storeBytes: 2000 };

test('the published set takes what the paper says', () => {
  const set = estimate(2e6, ROW);
  assert.ok(Math.abs(set.gpuHours - 512) < 0.01);
  // The paper's $660.5 for these four phases, each rounded.
  assert.ok(Math.abs(set.dollars - 660.5) < 0.1);
  assert.ok(Math.abs(daysOn(8, set) - 2.67) < 0.01);
});

test('one core feeds so many GPUs, and beyond them it is the limit', () => {
  assert.ok(Math.abs(gpuSecondsPerRow() - 0.9216) < 1e-9);
  assert.ok(Math.abs(gpusFed(ROW) - 921.6) < 1e-6);
  assert.ok(Math.abs(gpusFed(ROW, 3) - 307.2) < 1e-6);
  const set = estimate(1e8, ROW);
  assert.equal(daysOn(100_000, set), set.coordinatorCpuHours / 24);
  assert.ok(daysOn(500, set) > daysOn(900, set));
});

test('index and store grow with the rows', () => {
  const set = estimate(1e9, ROW);
  assert.deepEqual([set.indexBytes, set.storeBytes], [4e11, 2e12]);
});
