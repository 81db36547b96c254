import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinctPicks, boundedNormal, weightedPick } from '../../../../src/operators/lib/draws/draw.js';
import { deriveUniform, randomFrom } from '../../../../src/random.js';

const DRAWS = 20_000;

test('weights: as often as they say (chi-square), and never where the weight is 0', () => {
  const weights = [0, 5, 1, 0, 3, 1, 0];
  const pick = weightedPick(weights);
  const counts = weights.map(() => 0);
  for (let seq = 0; seq < DRAWS; seq++) counts[pick(deriveUniform(7, 'sample level', seq))]! += 1;
  const total = 10;
  const chiSquare = weights.reduce((sum, weight, at) => {
    const expected = (DRAWS * weight) / total;
    return weight === 0 ? sum : sum + (counts[at]! - expected) ** 2 / expected;
  }, 0);
  // 3 degrees of freedom: 16.27 is exceeded once in a thousand seeds.
  assert.ok(chiSquare < 16.27, `chi-square ${chiSquare}`);
  assert.deepEqual([counts[0], counts[3], counts[6]], [0, 0, 0]);
  assert.equal(pick(1 - 2 ** -53), 5);
  assert.equal(weightedPick([1e-300, 0])(0.999999), 0);
});

test('different items: each at most once, each order as often as any other', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer(),
      (count, more, seed) => {
        const next = randomFrom(seed);
        const picked = distinctPicks(count, count + more, next);
        assert.equal(new Set(picked).size, count);
        assert.ok(picked.every((at) => at >= 0 && at < count + more));
      },
    ),
  );
  const orders = new Map<string, number>();
  for (let seq = 0; seq < DRAWS; seq++) {
    const order = distinctPicks(2, 3, (at) => deriveUniform(7, 'sample seeds', seq, at)).join();
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  const expected = DRAWS / 6;
  const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.equal(orders.size, 6);
  // 5 degrees of freedom: 20.5 is exceeded once in a thousand seeds.
  assert.ok(chiSquare < 20.5, `chi-square ${chiSquare}`);
});

test('normal: mean, deviation and bounds; bounds that are never met end at the nearer one', () => {
  const draws = Array.from({ length: DRAWS }, (_, seq) =>
    boundedNormal({ mean: 10, deviation: 2 }, (at) => deriveUniform(7, 'sample size', seq, at)),
  );
  const mean = draws.reduce((sum, value) => sum + value, 0) / DRAWS;
  const deviation = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS);
  const within = draws.filter((value) => Math.abs(value - 10) < 2).length / DRAWS;
  assert.ok(Math.abs(mean - 10) < 0.06 && Math.abs(deviation - 2) < 0.05, `${mean} ${deviation}`);
  assert.ok(Math.abs(within - 0.6827) < 0.015, `${within}`);
  const next = randomFrom(1);
  for (let at = 0; at < 500; at++) {
    const value = boundedNormal({ mean: 0, deviation: 1, min: -0.5, max: 1 }, next);
    assert.ok(value >= -0.5 && value <= 1);
  }
  assert.equal(boundedNormal({ mean: 0, deviation: 1, min: 1000 }, next), 1000);
});
