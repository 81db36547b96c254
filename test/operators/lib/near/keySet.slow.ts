import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeySet } from '../../../../src/operators/lib/near/keySet.js';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { scramble } from '../../../../src/operators/lib/near/scramble.js';

/** A Set of JavaScript throws at 16,777,216. */
const KEYS = 20_000_000;

test('20 million keys, beyond what a Set can hold', () => {
  const budget = createMemoryBudget(512, () => 'keys');
  const set = createKeySet(budget);
  for (let key = 0; key < KEYS; key++) set.add(scramble(key), scramble(~key));
  assert.equal(set.size, KEYS);
  assert.ok(budget.bytes / KEYS < 15.5, `${budget.bytes / KEYS} bytes a key`);
  for (let key = 0; key < KEYS; key += 1009) {
    assert.ok(set.has(scramble(key), scramble(~key)));
    assert.ok(!set.has(scramble(key + KEYS), scramble(~key)));
  }
});
