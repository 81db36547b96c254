import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { argsort } from '../../../src/operators/lib/argsort.js';

function byComparing(values: Float64Array): Uint32Array {
  return Uint32Array.from(values, (_, at) => at).sort((a, b) => values[a]! - values[b]! || a - b);
}

test('as a sort that compares: any finite numbers, equal ones in their order, zeros of either sign equal', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1, -1, 0.125, Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE),
  );
  fc.assert(
    fc.property(fc.array(number, { maxLength: 80 }), (numbers) => {
      const values = Float64Array.from(numbers);
      assert.deepEqual(argsort(values), byComparing(values));
    }),
  );
});
