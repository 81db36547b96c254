import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumStepCounts } from '../../src/metrics/sumStepCounts.js';

test('each count is added to its own', () => {
  const one = { rowsIn: 10, kept: 6, dropped: 3, rejected: 1 };
  const other = { rowsIn: 500, kept: 400, dropped: 70, rejected: 30 };
  assert.deepEqual(sumStepCounts(one, other), { rowsIn: 510, kept: 406, dropped: 73, rejected: 31 });
});
