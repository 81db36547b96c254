import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CPU_MS_PER_ROW, busyHours } from '../../../src/run/estimate/scale.js';

test('a run takes as long as its busiest servers, or as its own core', () => {
  assert.equal(busyHours([2, 5, 1], 3), 5);
  assert.equal(busyHours([2], 3), 3);
  assert.equal(busyHours([], 0), 0);
  assert.ok(CPU_MS_PER_ROW > 0.5 && CPU_MS_PER_ROW < 2);
});
