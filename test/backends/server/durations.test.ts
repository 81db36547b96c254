import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DURATION_BOUNDS_S, createDurations } from '../../../src/backends/server/durations.js';

test('a duration is counted in the first bucket that holds it, and one beyond all in the last', () => {
  const durations = createDurations();
  assert.equal(durations.stats(), undefined);
  for (const ms of [0, 50, 51, 700_000]) durations.took(ms);
  const { counts, sumS } = durations.stats()!;
  assert.equal(counts.length, DURATION_BOUNDS_S.length + 1);
  assert.deepEqual([counts[0], counts[1], counts.at(-1)], [2, 1, 1]);
  assert.ok(Math.abs(sumS - 700.101) < 1e-9);
});
