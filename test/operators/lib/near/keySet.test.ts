import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KeySet, createKeySet } from '../../../../src/operators/lib/near/keySet.js';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { scramble } from '../../../../src/operators/lib/near/scramble.js';

const half = fc.oneof(fc.constantFrom(0, 1, -1), fc.integer());

function emptySet(): KeySet {
  return createKeySet(createMemoryBudget(64, () => 'keys'));
}

test('has what was added, as a Set of both halves has', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(half, half), { maxLength: 200 }), (keys) => {
      const set = emptySet();
      const expected = new Set<string>();
      for (const [low, high] of keys) {
        // 0 and 1 for an upper half are one: one more pair of keys in 2^64 that meet.
        const name = `${low} ${high === 0 ? 1 : high}`;
        assert.equal(set.has(low, high), expected.has(name));
        if (!expected.has(name)) set.add(low, high);
        expected.add(name);
      }
      assert.equal(set.size, expected.size);
    }),
    { numRuns: 100 },
  );
});

test('keys that differ in one half alone are told apart after the set has grown', () => {
  const set = emptySet();
  for (let key = 0; key < 50_000; key++) set.add(scramble(key), scramble(key + 1));
  for (let key = 0; key < 50_000; key += 97) {
    assert.ok(set.has(scramble(key), scramble(key + 1)));
    assert.ok(!set.has(scramble(key), scramble(key + 2)));
    assert.ok(!set.has(scramble(key + 60_000), scramble(key + 1)));
  }
});
