import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dictionaryOf } from '../../../../src/io/parquet/write/dictionary.js';
import { slotsOf } from '../../../helpers/files/leafSlots.js';

const ROWS = Array.from({ length: 100 }, (_, at) => at);

test('values that come again and again are written once', () => {
  const { slots, leaf } = slotsOf('string', [...ROWS.map((at) => `label ${at % 2}`), null], true);
  const { plain, values, numbers } = dictionaryOf(slots, leaf)!;
  assert.equal(values, 2);
  assert.equal(plain.toString('latin1'), '\x07\0\0\0label 0\x07\0\0\0label 1');
  assert.deepEqual([...numbers.subarray(0, 3), numbers[100]], [0, 1, 0, -1]);
});

test('not where values differ, where they are told by a bit, or where there are none', () => {
  const none = (type: 'string' | 'bool' | 'int32', values: (string | number | boolean | null)[]): void => {
    const { slots, leaf } = slotsOf(type, values, true);
    assert.equal(dictionaryOf(slots, leaf), null);
  };
  none(
    'string',
    ROWS.map((at) => `label ${at}`),
  );
  none(
    'int32',
    ROWS.map((at) => at % 60),
  );
  none(
    'bool',
    ROWS.map((at) => at % 2 === 0),
  );
  none('string', [null, null]);
});
