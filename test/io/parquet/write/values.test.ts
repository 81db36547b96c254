import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctValues, isThere, readValue, valueLength } from '../../../../src/io/parquet/write/values.js';
import { slotsOf } from '../../../helpers/files/leafSlots.js';

test('values are read as they were written, and counted without the length of a text', () => {
  const { slots, leaf } = slotsOf('float64', [0.5, null, -1e300], true);
  assert.deepEqual([readValue(slots, leaf, 0), readValue(slots, leaf, 2)], [0.5, -1e300]);
  assert.deepEqual([isThere(slots, 0), isThere(slots, 1)], [true, false]);
  const texts = slotsOf('string', ['abc', '', null], true);
  assert.deepEqual(
    [0, 1, 2].map((at) => [isThere(texts.slots, at), valueLength(texts.slots, texts.leaf, at)]),
    [
      [true, 3],
      [true, 0],
      [false, 0],
    ],
  );
});

test('equal values have equal numbers, in the order of their first, whichever bytes tell texts apart', () => {
  const middle = (text: string): string => `${'a'.repeat(501)}${text}${'b'.repeat(500)}`;
  const values = ['x', null, 'y', 'x', middle('c'), middle('d'), middle('c'), ''];
  const { slots, leaf } = slotsOf('string', values, true);
  for (const fewAtMost of [false, true]) {
    const { numberOf, firsts } = distinctValues(slots, leaf, fewAtMost);
    assert.deepEqual(
      values.map((_, at) => numberOf(at)),
      [0, -1, 1, 0, 2, 3, 2, 4],
    );
    assert.deepEqual(firsts, [0, 2, 4, 5, 7]);
  }
  const numbers = slotsOf('int64', [3n, 2n ** 62n, 3n]);
  const { numberOf } = distinctValues(numbers.slots, numbers.leaf);
  assert.deepEqual([0, 1, 2].map(numberOf), [0, 1, 0]);
});
