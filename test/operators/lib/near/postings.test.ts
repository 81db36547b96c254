import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { POSTINGS_MAX, createPostings } from '../../../../src/operators/lib/near/postings.js';

/** Rows of each hash, as they are found. */
function rowsOf(postings: ReturnType<typeof createPostings>, hashes: readonly number[]): number[][] {
  const rows = new Int32Array(hashes.length * POSTINGS_MAX);
  const starts = new Int32Array(hashes.length + 1);
  const found = postings.find(Int32Array.from(hashes), rows, starts);
  assert.equal(starts[hashes.length], found);
  return hashes.map((_, at) => [...rows.subarray(starts[at], starts[at + 1])].sort((a, b) => a - b));
}

test('finds the rows of each hash, as a map of lists does', () => {
  const hash = fc.oneof(fc.constantFrom(0, -1, 7, 8), fc.integer());
  const rows = fc.array(fc.uniqueArray(hash, { minLength: 3, maxLength: 3 }), { maxLength: 100 });
  fc.assert(
    fc.property(rows, fc.constantFrom(0, 100, 100_000), (all, expectedHashes) => {
      const postings = createPostings(createMemoryBudget(64, () => 'postings'));
      postings.expect(expectedHashes);
      const expected = new Map<number, number[]>();
      all.forEach((hashes, row) => {
        postings.add(Int32Array.from(hashes), row);
        for (const each of hashes) expected.set(each, [...(expected.get(each) ?? []), row]);
      });
      const asked = [0, -1, 7, 8, 9, ...all.flat()];
      assert.deepEqual(
        rowsOf(postings, asked),
        asked.map((each) => (expected.get(each) ?? []).slice(0, POSTINGS_MAX)),
      );
    }),
    { numRuns: 60 },
  );
});

test('a hash keeps its first rows alone, and others are found beside it', () => {
  const postings = createPostings(createMemoryBudget(64, () => 'postings'));
  for (let row = 0; row < 3 * POSTINGS_MAX; row++) postings.add(Int32Array.of(5, 1000 + row), row);
  assert.deepEqual(
    rowsOf(postings, [5])[0],
    Array.from({ length: POSTINGS_MAX }, (_, row) => row),
  );
  assert.deepEqual(rowsOf(postings, [1000 + 2 * POSTINGS_MAX]), [[2 * POSTINGS_MAX]]);
});
