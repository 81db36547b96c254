import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Token } from 'node-llama-cpp';
import {
  CHUNK_TOKENS,
  isBatchInvariant,
  keptTokens,
  sharedTokens,
} from '../../../src/backends/llamaCpp/batchInvariance.js';

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

it('keeps whole chunks of a prompt, and all of the same prompt', () => {
  const chunk = CHUNK_TOKENS;
  assert.equal(keptTokens(100, 100, 100), 100, 'the next choice of a row');
  assert.equal(keptTokens(100, 100, 101), chunk);
  assert.equal(keptTokens(80, 100, 80), chunk, 'its last chunk was longer');
  assert.equal(keptTokens(chunk - 1, 100, 100), 0);
  assert.equal(keptTokens(3 * chunk, 200, 3 * chunk), 3 * chunk);
  // What a model wrote behind its prompt was evaluated token by token.
  assert.equal(keptTokens(3 * chunk, chunk + 5, 300), chunk);
  assert.equal(keptTokens(0, 0, 0), 0);
});

it('counts the tokens that a sequence and a prompt begin with', () => {
  const sequence = { contextTokens: [1, 2, 3] as Token[] };
  assert.equal(sharedTokens(sequence, [1, 2] as Token[]), 2);
  assert.equal(sharedTokens(sequence, [1, 2, 3, 4] as Token[]), 3);
  assert.equal(sharedTokens(sequence, [1, 4, 3] as Token[]), 1);
  assert.equal(sharedTokens(sequence, []), 0);
});
