import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType } from '../../../../src/arrow/columnType.js';
import { readFixture } from '../../../helpers/files/parquetFixtures.js';

test('lists, structs, lists of structs and maps, with nulls at every level', async () => {
  const read: [string, ColumnType, unknown[]][] = [
    ['ints', 'list<float64>', [[1, 2 ** 40], [], null, [null]]],
    ['ints', 'list<int64>', [[1n, 2n ** 40n], [], null, [null]]],
    [
      'struct',
      'struct<a: string, b: float64>',
      [{ a: 'x', b: 1.5 }, { a: null, b: null }, null, { a: '', b: 0 }],
    ],
    ['struct', 'struct<b: float64>', [{ b: 1.5 }, { b: null }, null, { b: 0 }]],
    [
      'deep',
      'struct<in: struct<n: int32>, l: list<int32>>',
      [{ in: { n: 1 }, l: [1] }, { in: null, l: null }, null, { in: { n: null }, l: [] }],
    ],
    [
      'chat',
      'messages',
      [
        [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: null },
        ],
        [],
        null,
        [{ role: 'system', content: '' }],
      ],
    ],
    ['chat', 'list<struct<name: string>>', [[{ name: 'n' }, { name: null }], [], null, [{ name: '' }]]],
    [
      'map',
      'list<struct<key: string, value: int64>>',
      [
        [
          { key: 'k', value: 1n },
          { key: 'l', value: null },
        ],
        [],
        null,
        [{ key: 'constructor', value: 3n }],
      ],
    ],
    [
      'map',
      'struct<k: int32, constructor: int32>',
      [{ k: 1, constructor: null }, { k: null, constructor: null }, null, { k: null, constructor: 3 }],
    ],
    ['fixed', 'list<float64>', [[1, 2], [3, 4], null, [5, null]]],
  ];
  for (const [name, type, expected] of read)
    assert.deepEqual(await readFixture('nested.parquet', name, type), expected, `${name} as ${type}`);
  const [odd] = await readFixture('nested.parquet', 'odd', 'struct<__proto__: int32, a.b: int32>');
  assert.deepEqual(Object.entries(odd!), [
    ['__proto__', 1],
    ['a.b', 2],
  ]);
});

test('another shape than the declared one is refused before a row is read', async () => {
  const refused: [string, ColumnType, RegExp][] = [
    ['ints', 'string', /column "ints" is list<INT64> in the file, declared as string: it is a list/],
    ['struct', 'struct<z: string>', /is struct<a: STRING, b: DOUBLE> in the file, .*none of the fields/],
    ['map', 'string', /it is a map\. Declare it as list<struct<key: string/],
    ['chat', 'list<string>', /it is a struct\. Declare it so/],
    ['lists', 'list<list<string>>', /column "lists", row 3: found null, expected a string/],
  ];
  for (const [name, type, message] of refused)
    await assert.rejects(
      readFixture('nested.parquet', name, type),
      { code: 'ERR_DATA_INVALID', message },
      name,
    );
});

test('any name is a name of a column; of two with one name none is read, and others are', async () => {
  for (const name of ['constructor', '__proto__', '', 'a.b', 'a b', 'toString'])
    assert.deepEqual(await readFixture('names.parquet', name, 'string'), [name, null]);
  assert.deepEqual(await readFixture('twice.parquet', 'b', 'string'), ['one']);
  await assert.rejects(readFixture('twice.parquet', 'a', 'string'), /found 2 columns "a", expected one/);
});

test('every encoding', async () => {
  assert.deepEqual(await readFixture('encodings.parquet', 'delta', 'int64'), [1n, -5n, 2n ** 40n, null]);
  assert.deepEqual(await readFixture('encodings.parquet', 'lengths', 'string'), ['a', '', 'bcd', null]);
  assert.deepEqual(await readFixture('encodings.parquet', 'prefixes', 'string'), [
    'abc',
    'abd',
    'abde',
    null,
  ]);
  assert.deepEqual(await readFixture('encodings.parquet', 'split', 'float64'), [0.5, -1.25, 1e300, null]);
});
