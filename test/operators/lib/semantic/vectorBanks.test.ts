import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { squareOf } from '../../../../src/operators/lib/semantic/quantize.js';
import {
  createVectorBanks,
  layoutOf,
  vectorIndexBytes,
} from '../../../../src/operators/lib/semantic/vectorBanks.js';

test('layout: a vector is a head and a tail, the shorter the head the higher the threshold; parts are padded to 16', () => {
  const partsOf = (dims: number, similarityMin: number): number[] => {
    const { headDims, tailDims } = layoutOf(dims, similarityMin);
    return [headDims, tailDims];
  };
  assert.deepEqual(partsOf(384, 0.5), [384, 0]);
  assert.deepEqual(partsOf(384, 0.9), [128, 256]);
  assert.deepEqual(partsOf(384, 1), [64, 320]);
  assert.deepEqual(partsOf(3, 0.9), [16, 0]);
  assert.deepEqual(partsOf(100, 0.9), [48, 64]);
});

test('each stored vector that the bound lets through comes with its dot product, square and label', () => {
  const banks = createVectorBanks(
    layoutOf(20, 0.95),
    createMemoryBudget(4, () => ''),
  );
  const vectors = [1, 2, 3].map((scale) => Int8Array.from({ length: 20 }, (_, at) => (at - 10) * scale));
  vectors.push(vectors[0]!.map((value) => -value));
  for (const [at, vector] of vectors.entries()) banks.add(vector, 70 + at);
  const vector = vectors[1]!;
  const found: unknown[] = [];
  const square = squareOf(vector);
  banks.scan(
    { vector, square },
    () => 0.95,
    ({ number, label, dot, square: own }) => found.push([number, label, dot, own]),
  );
  assert.equal(square, 2680);
  assert.deepEqual(found, [
    [0, 70, 1340, 670],
    [1, 71, 2680, 2680],
    [2, 72, 4020, 6030],
  ]);
});

test('extremes: 4,096 dimensions of 127 and -127 do not overflow', () => {
  const banks = createVectorBanks(
    layoutOf(4096, 0.9),
    createMemoryBudget(64, () => ''),
  );
  const vector = Int8Array.from({ length: 4096 }, (_, at) => (at % 2 === 0 ? 127 : -127));
  banks.add(vector, 5);
  const found: unknown[] = [];
  const square = squareOf(vector);
  banks.scan(
    { vector, square },
    () => 1,
    (one) => found.push(one),
  );
  assert.deepEqual(found, [{ number: 0, label: 5, dot: 4096 * 127 ** 2, square: 4096 * 127 ** 2 }]);
});

test('memory: an index takes what vectorIndexBytes says, and what does not fit is refused before anything changes', () => {
  const budget = createMemoryBudget(1, () => 'vectors');
  const banks = createVectorBanks(layoutOf(100, 0.9), budget);
  const vector = new Int8Array(100).fill(7);
  for (let at = 0; at < 4096; at++) banks.add(vector, at);
  assert.equal(budget.bytes, vectorIndexBytes(100, 4096));
  assert.throws(() => banks.add(vector, 4096), { code: 'ERR_MEMORY' });
  assert.deepEqual([banks.size, budget.bytes], [4096, vectorIndexBytes(100, 4096)]);
});
