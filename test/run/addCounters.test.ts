import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCounters } from '../../src/run/addCounters.js';

test('counters are added name by name; what one does not have counts nothing, and what is not named is left out', () => {
  const one = { requests: 2, retries: 1, limit: 8 };
  const other = { requests: 3, storeHits: 4, limit: 8 };
  assert.deepEqual(addCounters(['requests', 'retries', 'storeHits', 'failures'], one, other), {
    ...{ requests: 5, retries: 1, storeHits: 4, failures: 0 },
  });
});
