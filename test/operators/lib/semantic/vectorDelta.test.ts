import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeVector, encodeVector } from '../../../../src/operators/lib/semantic/vectorDelta.js';

test('a vector and its label come back as they were', () => {
  const vectors = fc.int8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(vectors, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (vector, label) => {
      // A part of a longer buffer, as rows of a batch may be.
      const part = Int8Array.of(9, ...vector, 9).subarray(1, 1 + vector.length);
      assert.deepEqual(decodeVector(encodeVector(part, label)), { vector, label });
    }),
  );
});

test('what another step or version wrote is refused', () => {
  for (const wrong of ['', 'no vector', 7, null, Buffer.alloc(0), Buffer.alloc(4)])
    assert.throws(() => decodeVector(wrong), {
      code: 'ERR_DATA_INVALID',
      message: /expected the vector of a question/,
    });
});
