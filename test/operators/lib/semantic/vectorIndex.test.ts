import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { squareOf } from '../../../../src/operators/lib/semantic/quantize.js';
import { type Neighbour, createVectorIndex } from '../../../../src/operators/lib/semantic/vectorIndex.js';
import { randomFrom } from '../../../../src/random.js';

const budgetOf = (memoryMiB = 64) => createMemoryBudget(memoryMiB, () => 'vectors');

/** The same by a plain loop. */
function plainWithin(stored: readonly Int8Array[], vector: Int8Array, similarityMin: number): Neighbour[] {
  return stored.flatMap((other, number) => {
    const dot = vector.reduce((sum, value, at) => sum + value * other[at]!, 0);
    const similarity = dot / Math.sqrt(squareOf(vector) * squareOf(other));
    return similarity >= similarityMin ? [{ number, label: 10 * number, similarity }] : [];
  });
}

function plainNearest(found: readonly Neighbour[]): Neighbour | null {
  return found.reduce<Neighbour | null>(
    (best, each) => (best === null || each.similarity > best.similarity ? each : best),
    null,
  );
}

/** Vectors near a few centres, so that many are alike, some equal. */
const clouds = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 40 }), fc.nat(1e6))
  .map(([dims, count, seed]) => madeVectors(dims, count, seed));

function madeVectors(dims: number, count: number, seed: number): Int8Array[] {
  const draw = randomFrom(seed);
  const whole = (most: number): number => Math.floor((2 * draw() - 1) * (most + 0.999));
  const centres = Array.from({ length: 3 }, () => Int8Array.from({ length: dims }, () => whole(100)));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(draw() * 3)]!;
    const spread = Math.floor(draw() * 27);
    const vector = centre.map((value) => value + whole(spread));
    vector[0] ||= 1;
    return vector;
  });
}

test('what is found is what a plain loop finds, to the last bit, for any dimensions and thresholds', () => {
  const thresholds = fc.constantFrom(0.3, 0.8, 0.9, 0.95, 0.99, 1);
  fc.assert(
    fc.property(clouds, thresholds, (vectors, similarityMin) => {
      const index = createVectorIndex(similarityMin, budgetOf());
      const stored: Int8Array[] = [];
      for (const vector of vectors) {
        const expected = plainWithin(stored, vector, similarityMin);
        const rounded = expected.map((each) => ({ ...each, similarity: Math.min(1, each.similarity) }));
        assert.deepEqual(index.within(vector), rounded);
        assert.deepEqual(index.nearest(vector), plainNearest(rounded));
        index.add(vector, 10 * stored.length);
        stored.push(vector);
      }
    }),
    { numRuns: 150 },
  );
});

test('vectors of several pieces: the first of equals is named, and the last piece counts too', () => {
  const vectors = madeVectors(24, 9000, 3);
  const index = createVectorIndex(0.9, budgetOf());
  for (const [at, vector] of vectors.entries()) index.add(vector, at);
  for (const at of [0, 4095, 4096, 8191, 8192, 8999]) {
    const first = vectors.findIndex((vector) => String(vector) === String(vectors[at]));
    assert.deepEqual(index.nearest(vectors[at]!), { number: first, label: first, similarity: 1 });
  }
});

test('a vector of another length ends the run', () => {
  const index = createVectorIndex(0.9, budgetOf());
  index.add(Int8Array.of(1, 2, 3), 0);
  for (const wrong of [Int8Array.of(1, 2), Int8Array.of(1, 2, 3, 4)]) {
    const refused = { code: 'ERR_MODEL_PROTOCOL', message: /^found a vector of \d numbers, expected 3/ };
    assert.throws(() => index.nearest(wrong), refused);
    assert.throws(() => index.add(wrong, 1), refused);
  }
  assert.equal(index.size, 1);
});
