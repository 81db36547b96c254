import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunCounts, countCall } from '../../src/store/runCounts.js';

test('calls are counted by model, as hits and misses', () => {
  const counts: RunCounts = { startedMs: 0, models: {}, replayedRows: 0 };
  for (const isHit of [true, false, true]) countCall(counts, 'solver', isHit);
  countCall(counts, 'judge', false);
  countCall(counts, 'constructor', true);
  assert.deepEqual(counts.models, {
    ...{ solver: { hits: 2, misses: 1 }, judge: { hits: 0, misses: 1 } },
    constructor: { hits: 1, misses: 0 },
  });
});
