import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordBatchReader, Table, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { buildData, buildRows } from '../../src/arrow/build.js';
import { findFault } from '../../src/arrow/fault.js';
import type { ColumnType, ColumnValue } from '../../src/arrow/columnType.js';
import { columnValues } from '../../src/arrow/read.js';
import { anyRows, asStored } from './arbitraries.js';

test('what was built reads back the same, for every type, with and without nulls', () => {
  fc.assert(
    fc.property(anyRows(), ({ columns, values, rowCount, rows }) => {
      assert.equal(rows.numRows, rowCount);
      columns.forEach(({ name }, at) => {
        assert.deepEqual(columnValues(rows, name), values[at]!.map(asStored));
      });
    }),
  );
});

test('survives the Arrow IPC format', () => {
  fc.assert(
    fc.property(anyRows(), ({ columns, values, rows }) => {
      const [read] = [...RecordBatchReader.from(tableToIPC(new Table(rows)))];
      assert.ok(read);
      assert.deepEqual(read.schema.toString(), rows.schema.toString());
      columns.forEach(({ name }, at) => {
        assert.deepEqual(columnValues(read, name), values[at]!.map(asStored));
      });
    }),
  );
});

test('text longer than the scratch buffer, and short text after it', () => {
  const long = 'ж'.repeat(5_000_000);
  const data = buildData('string', [long, '', 'short', long.slice(0, 9)]);
  const [text] = [new TextDecoder().decode(data.values.subarray(0, data.valueOffsets[1]))];
  assert.equal(text, long);
  assert.deepEqual([...buildData('string', ['ab', 'c']).values], [97, 98, 99]);
});

const REFUSED: [ColumnType, ColumnValue | undefined, RegExp][] = [
  ['float64', NaN, /column "c", row 1: found NaN, expected a finite number.*written as null/],
  ['float64', Infinity, /found Infinity/],
  ['float64', '1', /found "1", expected a finite number/],
  ['int32', 1.5, /found 1.5, expected an integer/],
  ['int32', 2 ** 31, /found 2147483648/],
  ['string', 7, /found 7, expected a string/],
  ['string', null, /found null, expected a string.*nullable/],
  ['string', undefined, /found undefined/],
  ['bool', 1, /expected true or false/],
  ['list<string>', 'a', /found "a", expected an array of strings/],
  ['list<string>', [null], /column "c\[…\]", row 1: found null/],
  ['list<float64>', [NaN], /found NaN/],
  ['int64', 5, /found 5, expected an integer of 64 bits/],
  ['int64', 2n ** 63n, /found 9223372036854775808n/],
  ['messages', [{ role: null, content: 'a' }], /column "c\[…\]\.role", row 1: found null/],
  ['messages', [null], /column "c\[…\]", row 1: found null/],
  ['struct<a: int32>', [], /found \[\], expected a value of the type struct<a: int32>/],
  ['struct<a: int32>', { a: 'x' }, /column "c\.a", row 1: found "x", expected an integer/],
  ['list<bool>', [1], /column "c\[…\]", row 2: found 1, expected true or false/],
];

for (const [type, value, message] of REFUSED) {
  const shown = typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
  test(`refuses ${shown} (${value}) as ${type}, and names column and row`, () => {
    const good: Record<string, ColumnValue> = {
      string: '',
      int32: 0,
      float64: 0,
      bool: false,
      'list<string>': ['x'],
      'list<float64>': [1],
      'list<bool>': [true, null],
      int64: 5n,
      messages: [{ role: 'user', content: null }],
      'struct<a: int32>': { a: 1 },
    };
    assert.throws(() => buildData(type, [good[type]!, value as ColumnValue], false, 'c'), {
      code: 'ERR_INVARIANT',
      message,
    });
    assert.match(findFault({ name: 'c', type, help: '' }, value) ?? '', /^found .*, expected /);
    assert.equal(findFault({ name: 'c', type, help: '' }, good[type]!), null);
  });
}

test('refuses a column of another length', () => {
  const column = { name: 'a', type: 'int32', help: '' } as const;
  assert.throws(
    () => buildRows([column], [[1, 2]], 3),
    /column "a": found 2 values, expected one for each of 3 rows/,
  );
  assert.throws(() => buildRows([column], [], 3), /found no values/);
});
