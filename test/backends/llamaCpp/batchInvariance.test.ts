import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Token } from 'node-llama-cpp';
import { isBatchInvariant } from '../../../src/backends/llamaCpp/batchInvariance.js';

const TRIAL = [3, 1, 4, 1, 5] as Token[];

/** A model whose probabilities move where the batch has these sizes. */
async function triedWith(
  moved: readonly number[],
  changes: (kept: number, batch: number) => void = () => {},
) {
  return isBatchInvariant(TRIAL, async (kept, batch) => {
    changes(kept.length, batch.length);
    const moves = moved.includes(batch.length) ? 2 ** -50 : 0;
    return new Map([
      [7 as Token, 0.75 + moves],
      [8 as Token, 0.25],
    ]);
  });
}

it('tries single rows, a few and many, behind what is evaluated already', async () => {
  const tried: [number, number][] = [];
  assert.equal(await triedWith([], (kept, batch) => tried.push([kept, batch])), true);
  assert.deepEqual(tried, [
    [0, 32],
    [31, 1],
    [30, 2],
    [28, 4],
    [24, 8],
    [16, 16],
  ]);
});

it('is not batch-invariant if one size of batches moves the last bit of one probability', async () => {
  for (const size of [1, 2, 4, 8, 16]) assert.equal(await triedWith([size]), false, `${size}`);
  const sizes = [3, 2];
  const other = await isBatchInvariant(
    TRIAL,
    async () => new Map(Array.from({ length: sizes.shift()! }, (_, at) => [at as Token, 0.5])),
  );
  assert.equal(other, false, 'another token counts');
});
