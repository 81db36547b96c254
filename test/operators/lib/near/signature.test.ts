import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINS, writeSignature } from '../../../../src/operators/lib/near/signature.js';
import { scramble } from '../../../../src/operators/lib/near/scramble.js';

function signatureOf(hashes: readonly number[]): Int32Array {
  const bins = new Int32Array(BINS);
  writeSignature(Int32Array.from(hashes), hashes.length, bins);
  return bins;
}

/** Two sets of `size` that share `shared`, with hashes of their own for each `round`. */
function pairOf(size: number, shared: number, round: number): [number[], number[]] {
  const draw = (from: number, count: number): number[] =>
    Array.from({ length: count }, (_, at) => scramble(round * 10_000 + from + at));
  const both = draw(0, shared);
  return [
    [...both, ...draw(1000, size - shared)],
    [...both, ...draw(5000, size - shared)],
  ];
}

for (const size of [1, 3, 12, 48, 300]) {
  test(`sets of ${size}: the share of equal bins is the Jaccard similarity, as closely as by independent minima`, () => {
    const shared = Math.ceil(0.8 * size);
    const exact = shared / (2 * size - shared);
    const rounds = 400;
    const shares = Array.from({ length: rounds }, (_, round) => {
      const [left, right] = pairOf(size, shared, round).map(signatureOf) as [Int32Array, Int32Array];
      return left.filter((value, bin) => value === right[bin]).length / BINS;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / rounds;
    const deviation = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / rounds);
    const independent = Math.sqrt((exact * (1 - exact)) / BINS);
    assert.ok(
      Math.abs(mean - exact) <= 5 * (independent / Math.sqrt(rounds)) + 0.003,
      `${mean}, not ${exact}`,
    );
    assert.ok(deviation <= 1.15 * independent, `a standard deviation of ${deviation}, not ${independent}`);
  });
}

test('the order of the hashes does not matter', () => {
  const [hashes] = pairOf(60, 0, 1);
  assert.deepEqual(signatureOf(hashes.toReversed()), signatureOf(hashes));
});
