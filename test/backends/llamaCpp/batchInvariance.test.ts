import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Token } from 'node-llama-cpp';
import { isBatchInvariant } from '../../../src/backends/llamaCpp/batchInvariance.js';

const TRIAL = [3, 1, 4, 1, 5] as Token[];

/** A model whose probabilities move where a batch has this size, at one place alone. */
async function triedWith({ size = 0, end = 0 }, looks: [number, number][] = []): Promise<boolean> {
  let held = 0;
  return isBatchInvariant(TRIAL, async (kept, batch, isLookedAt) => {
    assert.ok(kept.length <= held, 'each batch stands behind what was evaluated');
    held = kept.length + batch.length;
    if (!isLookedAt) return null;
    looks.push([batch.length, held]);
    const moves = batch.length === size && held === end ? 2 ** -50 : 0;
    return new Map([
      [7 as Token, 0.75 + moves],
      [8 as Token, 0.25],
    ]);
  });
}

it('tries single rows, a few and many, and looks at several places', async () => {
  const looks: [number, number][] = [];
  assert.equal(await triedWith({}, looks), true);
  const endsOf = (size: number): number[] => looks.filter(([of]) => of === size).map(([, end]) => end);
  for (const size of [1, 2, 4]) assert.deepEqual(endsOf(size), [20, 24, 28, 32], `${size}`);
  assert.deepEqual([endsOf(8), endsOf(16)], [[24, 32], [32]]);
});

it('is not batch-invariant if one size of batches moves the last bit of one probability at one place', async () => {
  for (const size of [1, 2, 4])
    for (const end of [20, 32]) assert.equal(await triedWith({ size, end }), false);
  for (const size of [8, 16]) assert.equal(await triedWith({ size, end: 32 }), false, `${size}`);
  let counted = 2;
  const other = await isBatchInvariant(TRIAL, async (_kept, batch) => {
    if (batch.length === 2) counted = 3;
    return new Map(Array.from({ length: counted }, (_, at) => [at as Token, 0.5]));
  });
  assert.equal(other, false, 'another token counts');
});
