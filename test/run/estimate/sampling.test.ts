import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomFrom } from '../../../src/random.js';
import { betaDraw, intervalOf, normalDraw } from '../../../src/run/estimate/sampling.js';

const draws = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test('the same seed gives the same numbers, another one others', () => {
  assert.deepEqual(draws(5, randomFrom(3)), draws(5, randomFrom(3)));
  assert.notDeepEqual(draws(5, randomFrom(3)), draws(5, randomFrom(4)));
});

test('draws have the mean and the spread of their distributions', () => {
  const random = randomFrom(1);
  const normal = draws(20_000, () => normalDraw(random));
  assert.ok(Math.abs(meanOf(normal)) < 0.03);
  assert.ok(Math.abs(meanOf(normal.map((value) => value * value)) - 1) < 0.05);
  for (const [hits, misses] of [
    [30.5, 20.5],
    [0.5, 50.5],
    [2.5, 0.5],
  ] as const) {
    const shares = draws(20_000, () => betaDraw(hits, misses, random));
    const mean = hits / (hits + misses);
    const variance = (mean * (1 - mean)) / (hits + misses + 1);
    assert.ok(Math.abs(meanOf(shares) - mean) < 0.005, `${hits} ${misses}`);
    assert.ok(Math.abs(meanOf(shares.map((share) => (share - mean) ** 2)) / variance - 1) < 0.1);
  }
});

test('an interval holds 95 of 100 draws, and its mean', () => {
  assert.deepEqual(
    intervalOf(
      50,
      draws(
        101,
        (
          (at) => () =>
            at++
        )(0),
      ),
    ),
    { mean: 50, low: 3, high: 98 },
  );
  assert.deepEqual(intervalOf(7, []), { mean: 7, low: 7, high: 7 });
  assert.equal(intervalOf(200, [1, 2, 3]).high, 200);
});
