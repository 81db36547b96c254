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

test('rows that are filled in together are found as if each was added', async () => {
  const hash = fc.oneof(fc.constantFrom(0, -1, 7), fc.integer());
  const rows = fc.array(fc.uniqueArray(hash, { minLength: 3, maxLength: 3 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(1, 7, 1000), async (all, together) => {
      const budget = createMemoryBudget(64, () => 'postings');
      const [filled, added] = [
        createPostings(budget),
        createPostings(createMemoryBudget(64, () => 'postings')),
      ];
      const filler = filled.fill(3);
      for (const [row, hashes] of all.entries()) {
        added.add(Int32Array.from(hashes), row);
        filler.add(Int32Array.from(hashes), row);
        if (row % together === 0) await filler.put();
      }
      await filler.end();
      const asked = [0, -1, 7, 9, ...all.flat()];
      assert.deepEqual(rowsOf(filled, asked), rowsOf(added, asked));
      filled.add(Int32Array.of(7, 8, 9), all.length);
      assert.ok(rowsOf(filled, [9])[0]!.includes(all.length));
    }),
    { numRuns: 60 },
  );
});

test('a filler is full in time, keeps the first rows of a hash, and releases what it gathered with', async () => {
  const budget = createMemoryBudget(4, () => 'postings');
  const postings = createPostings(budget);
  const filler = postings.fill(20);
  const gathered = budget.bytes;
  assert.ok(gathered > 0 && gathered <= 2 * 2 ** 20, 'no more than half of what the budget has');
  let puts = 0;
  for (let row = 0; row < 20_000; row++) {
    filler.add(
      Int32Array.from({ length: 20 }, () => 5),
      row,
    );
    // As often as those that add to it look.
    if (row % 128 > 0 || !filler.isFull()) continue;
    await filler.put();
    puts += 1;
  }
  await filler.end();
  assert.ok(puts > 1);
  assert.ok(budget.bytes < gathered);
  assert.equal(rowsOf(postings, [5])[0]!.length, POSTINGS_MAX);
  assert.equal(rowsOf(postings, [5])[0]!.at(-1), Math.ceil(POSTINGS_MAX / 20) - 1);
});
