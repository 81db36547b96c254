import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowError } from '../../../../src/errors.js';
import { quantize, squareOf } from '../../../../src/operators/lib/semantic/quantize.js';

test('the largest number becomes 127 or -127, and the others keep their share of it', () => {
  assert.deepEqual([...quantize([0.5, -0.25, 0, 0.001])], [127, -63, 0, 0]);
  assert.deepEqual([...quantize([-3e-30, 1e-30])], [-127, 42]);
  assert.equal(squareOf(Int8Array.of(127, -127, 2)), 2 * 127 ** 2 + 4);
});

test('a vector of zeros has no direction: its row is rejected', () => {
  for (const vector of [[0, 0], [], [0, -0]])
    assert.throws(
      () => quantize(vector),
      (error) => error instanceof RowError && error.code === 'ROW_SCORE_INVALID',
    );
});

test('the cosine of vectors of 384 numbers changes by less than 0.005', () => {
  const numbers = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 384, maxLength: 384 });
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a, (value, at) => value * b[at]!).reduce((sum, value) => sum + value, 0);
  const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      if (dot(a, a) < 1 || dot(b, b) < 1) return;
      assert.ok(Math.abs(cosine(a, b) - cosine(quantize(a), quantize(b))) < 0.005);
    }),
    { numRuns: 50 },
  );
});
