import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType, ColumnValue } from '../../../../src/arrow/columnType.js';
import { statisticsOf } from '../../../../src/io/parquet/write/statistics.js';
import { slotsOf } from '../../../helpers/files/leafSlots.js';

function of(type: ColumnType, values: ColumnValue[]) {
  const { slots, leaf } = slotsOf(type, values, true);
  return statisticsOf(slots, leaf);
}

test('texts by their bytes: shorter ones first, beyond the first four bytes too, and characters outside the first plane last', () => {
  const texts = (...values: ColumnValue[]): string[] => {
    const { min_value, max_value } = of('string', values);
    return [min_value, max_value].map((bytes) => new TextDecoder().decode(bytes as Uint8Array));
  };
  assert.deepEqual(texts('same b', null, 'same a', 'same c'), ['same a', 'same c']);
  assert.deepEqual(texts('ab', 'a', 'ab\0'), ['a', 'ab\0']);
  assert.deepEqual(texts('\uFFFF', '😀', 'z'), ['z', '😀']);
  assert.deepEqual(texts(''), ['', '']);
});

test('numbers and booleans; a zero may be of either sign; nulls are counted', () => {
  assert.deepEqual(of('int64', [5n, null, -(2n ** 63n)]), {
    ...{ null_count: 1n, min_value: -(2n ** 63n), max_value: 5n },
  });
  assert.deepEqual(of('float64', [0, 0]), { null_count: 0n, nan_count: 0n, min_value: -0, max_value: 0 });
  assert.deepEqual(of('bool', [true, false]), { null_count: 0n, min_value: false, max_value: true });
  assert.deepEqual(of('int32', [null]), { null_count: 1n });
  assert.deepEqual(of('string', [null, null]), { null_count: 2n });
});
