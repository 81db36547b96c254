import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column, ColumnValue } from '../../../src/arrow/columnType.js';
import { sliceRows } from '../../../src/arrow/concat.js';
import { type ParquetColumn, parquetColumn } from '../../../src/io/parquet/parquetColumns.js';

const VALUES: [column: Omit<Column, 'name' | 'help'>, values: ColumnValue[]][] = [
  [{ type: 'string' }, ['a', '', '😀', 'é', 'long'.repeat(20)]],
  [{ type: 'string', nullable: true }, ['a', null, '', null, 'b']],
  [{ type: 'int32' }, [0, -1, 2 ** 31 - 1, 7, -(2 ** 31)]],
  [{ type: 'float64', nullable: true }, [0.5, null, -0, 1e300, 1e-300]],
  [{ type: 'bool', nullable: true }, [true, false, null, true, true]],
  [{ type: 'list<string>', nullable: true }, [['a', 'b'], [], null, [''], ['c']]],
  [{ type: 'list<float64>' }, [[1, null], [], [2], [3, 4, 5], [null]]],
  [{ type: 'list<bool>' }, [[true], [false, true, null], [], [true, true], [false]]],
];

function decode(value: ParquetColumn[number]): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return Array.isArray(value) ? value.map(decode) : value;
}

for (const [shape, values] of VALUES) {
  test(`${shape.type}${shape.nullable ? ' or null' : ''}: every value, from slices and from several pieces`, () => {
    const other: Column = { name: 'other', type: 'int32', help: '' };
    const column: Column = { name: 'value', help: '', ...shape };
    const rows = buildRows([other, column], [[1, 2, 3, 4, 5], values], 5);
    const valuesOf = (...pieces: (typeof rows)[]): unknown => parquetColumn(pieces, 1).map(decode);
    assert.deepEqual(valuesOf(rows), values);
    assert.deepEqual(valuesOf(sliceRows(rows, 1, 4)), values.slice(1, 4));
    assert.deepEqual(valuesOf(sliceRows(rows, 3, 5), sliceRows(rows, 0, 2)), [
      ...values.slice(3),
      ...values.slice(0, 2),
    ]);
    assert.deepEqual(valuesOf(), []);
  });
}
