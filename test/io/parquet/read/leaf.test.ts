import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType, ColumnValue } from '../../../../src/arrow/columnType.js';
import { decimalDigits, leafOf } from '../../../../src/io/parquet/read/leaf.js';
import { readFixture } from '../../../helpers/files/parquetFixtures.js';

/** Column, declared type, the values of the first two rows; the third is null. */
const READ: readonly [string, ColumnType | 'timestamp', ColumnValue, ColumnValue][] = [
  ['dec9', 'float64', 0.7, -1234567.89],
  ['dec9', 'string', '0.70', '-1234567.89'],
  ['dec38', 'string', '0.1', '-99999999999999999999999999.9'],
  ['int64', 'int64', 9007199254740993n, -5n],
  ['int64', 'string', '9007199254740993', '-5'],
  ['uint64', 'string', '18446744073709551615', '0'],
  ['uint32', 'float64', 4294967295, 0],
  ['uint32', 'int64', 4294967295n, 0n],
  ['int8', 'int32', -128, 127],
  ['float32', 'float64', 0.5, null],
  ['float16', 'float64', 0.5, null],
  ['double', 'float64', 0.1, null],
  ['bool', 'bool', true, false],
  ['ts_ms', 'string', '2024-05-01T12:30:45', '1969-12-31T23:59:59.5'],
  ['ts_us', 'timestamp', '2024-05-01T12:30:45.123456Z', '1969-12-31T23:59:59.5Z'],
  ['ts_ns', 'timestamp', '2024-05-01T12:30:45.123456789', '1969-12-31T23:59:59.999999999'],
  ['date', 'timestamp', '2024-02-29', '1900-01-01'],
  ['time_ms', 'string', '23:59:59.5', '00:00:00'],
  ['time_ns', 'string', '01:02:03.000004', '00:00:00'],
  ['uuid', 'string', '00000000-0000-0000-0000-000000000001', '80000000-0000-0000-0000-000000000000'],
  ['json', 'string', '{"a": 1, "b": [2]}', '{"a": null}'],
  ['json', 'struct<a: int32, b: list<int32>>', { a: 1, b: [2] }, { a: null, b: null }],
  ['words', 'string', 'x', 'y'],
  ['large', 'string', '\ufeffx', '\u2028'],
  ['duration', 'int64', 1n, 2n],
  ['null', 'float64', null, null],
];

for (const file of ['scalars.parquet', 'scalars-v2.parquet']) {
  test(`${file}: each type is read as text, as the nearest number or as what it is`, async () => {
    for (const [name, type, first, second] of READ)
      assert.deepEqual(await readFixture(file, name, type), [first, second, null], `${name} as ${type}`);
  });

  test(`${file}: what a type cannot say is refused by column and row`, async () => {
    const refused: [string, ColumnType, RegExp][] = [
      ['int64', 'float64', /column "int64", row 0: found 9007199254740993, .*int64 or string/],
      ['uint64', 'int64', /row 0: found 18446744073709551615, expected an integer of 64 bits/],
      [
        'ts_ms',
        'float64',
        /found "2024-05-01T12:30:45", expected a finite number.*Declare the column string/,
      ],
      ['binary', 'string', /column "binary", row 1: found bytes that are not UTF-8/],
      [
        'fixed',
        'string',
        /column "fixed" is FIXED_LEN_BYTE_ARRAY\(4\) in the file, declared as string: .*not read/,
      ],
      [
        'words',
        'list<string>',
        /column "words" is STRING in the file, declared as list<string>: declare it as/,
      ],
    ];
    for (const [name, type, message] of refused)
      await assert.rejects(readFixture(file, name, type), { code: 'ERR_DATA_INVALID', message }, name);
  });
}

test('the older time stamps of 96 bits', async () => {
  assert.deepEqual(await readFixture('int96.parquet', 't', 'timestamp'), [
    '2024-05-01T12:30:45.123456',
    '1969-12-31T23:59:59.5',
    null,
  ]);
});

test('decimals by their digits', () => {
  assert.equal(decimalDigits(5n, 3), '0.005');
  assert.equal(decimalDigits(-12345n, 2), '-123.45');
  assert.equal(decimalDigits(7n, 0), '7');
  assert.equal(decimalDigits(7n, -2), '700');
});

test('a type that is stored as another is damage', () => {
  const wrong: Parameters<typeof leafOf>[0][] = [
    { name: 'a', type: 'BYTE_ARRAY', converted_type: 'TIMESTAMP_MICROS' },
    { name: 'a', type: 'DOUBLE', converted_type: 'UINT_32' },
    { name: 'a', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 4, logical_type: { type: 'UUID' } },
    { name: 'a', type: 'INT32', converted_type: 'JSON' },
  ];
  for (const element of wrong) assert.throws(() => leafOf(element), /but stored as/);
});

test('types that have no form are named', () => {
  for (const converted_type of ['BSON', 'INTERVAL'] as const) {
    const leaf = leafOf({ name: 'a', type: 'BYTE_ARRAY', converted_type });
    assert.deepEqual([leaf.typeName, leaf.read], [converted_type, undefined]);
  }
});
