import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Field, Schema, Uint16, vectorFromArray } from 'apache-arrow';
import { buildData, rowsOf } from '../../src/arrow/build.js';
import { arrowType } from '../../src/arrow/arrowType.js';
import type { ColumnType, ColumnValue } from '../../src/arrow/columnType.js';
import { countRows, gather } from '../../src/arrow/gather.js';
import { columnValues } from '../../src/arrow/read.js';
import { TYPES } from './arbitraries.js';

const STRUCT = 'struct<name: string, score: float64, __proto__: int32>';

const VALUES: Record<(typeof TYPES)[number], ColumnValue[]> = {
  string: ['zero', '', null, 'drei', '4'],
  int32: [0, -1, null, 3, 4],
  float64: [0.5, -1, null, 3, 4],
  bool: [true, false, null, true, true],
  'list<string>': [['a', 'b'], [], null, ['c'], ['']],
  'list<float64>': [[1, null], [], null, [3], [4]],
  'list<bool>': [[true, null], [], null, [false], [true]],
  int64: [0n, -(2n ** 63n), null, 2n ** 53n + 1n, 4n],
  messages: [
    ...[[{ role: 'user', content: 'a' }], [], null],
    [
      { role: 'user', content: 'b' },
      { role: 'assistant', content: null },
    ],
    [{ role: '', content: '' }],
  ],
  'list<int64>': [[1n, null], [], null, [3n], [4n]],
  'list<list<bool>>': [[[true], null], [], null, [[]], [[false, true]]],
  [STRUCT]: [
    ...['zero', null, 'x', '', 'four'].map((name, at) =>
      at === 2 ? null : Object.fromEntries(Object.entries({ name, score: at / 2, ['__proto__']: at })),
    ),
  ],
  'list<struct<tags: list<string>, id: int64>>': [
    ...[[{ tags: ['a'], id: 1n }, null], [], null, [{ tags: null, id: null }], [{ tags: [], id: 4n }]],
  ],
};

function valuesOf(type: ColumnType, data: ReturnType<typeof gather>): ColumnValue[] {
  return columnValues(rowsOf(new Schema([new Field('a', arrowType(type), true)]), [data], data.length), 'a');
}

for (const type of TYPES) {
  test(`${type}: segments of several columns, in the order given, rows twice and nulls among them`, () => {
    const data = buildData(type, VALUES[type], true);
    const pieces = [
      { data, runs: Int32Array.of(3, 5, 0, 1) },
      { data, runs: Int32Array.of(2, 3, 2, 3, 4, 4) },
    ];
    const gathered = gather(arrowType(type), pieces);
    const expected = [3, 4, 0, 2, 2].map((row) => VALUES[type][row]!);
    assert.equal(gathered.nullCount, 2);
    assert.deepEqual(valuesOf(type, gathered), expected);
  });

  test(`${type}: a slice is read from where it begins`, () => {
    const data = buildData(type, VALUES[type], true).slice(1, 4);
    const gathered = gather(arrowType(type), [{ data, runs: Int32Array.of(1, 4) }]);
    assert.deepEqual(valuesOf(type, gathered), VALUES[type].slice(2, 5));
  });

  test(`${type}: nothing of nothing`, () => {
    assert.deepEqual(valuesOf(type, gather(arrowType(type), [])), []);
  });
}

test('without a null there is no bitmap of nulls', () => {
  const data = buildData('int32', [1, 2]);
  assert.equal(gather(arrowType('int32'), [{ data, runs: Int32Array.of(0, 2) }]).nullCount, 0);
});

test('countRows: the sum of the segments', () => {
  assert.equal(countRows(Int32Array.of(0, 3, 7, 7, 9, 10)), 4);
  assert.equal(countRows(new Int32Array(0)), 0);
});

test('another Arrow type is an error that names it', () => {
  const dates = vectorFromArray([new Date(0)]);
  const wide = vectorFromArray([1], new Uint16());
  for (const { type, data } of [dates, wide]) {
    assert.throws(() => gather(type, [{ data: data[0]!, runs: Int32Array.of(0, 1) }]), {
      code: 'ERR_INVARIANT',
      message:
        /Arrow type (Timestamp|Uint16).*expected Utf8, Int32, Int64, Float64, Bool, or a List or Struct/,
    });
  }
});
