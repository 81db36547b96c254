import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType } from '../../../src/arrow/columnType.js';
import { typeTree } from '../../../src/arrow/typeTree.js';
import { convertCell } from '../../../src/io/values/cell.js';

const cell = (type: ColumnType | 'timestamp', text: string | null): unknown =>
  convertCell(type === 'timestamp' ? { kind: type } : typeTree(type), text, true);

test('cells by the types of their columns; an empty one is null, or empty text where it is quoted', () => {
  const cases: [ColumnType | 'timestamp', string | null, unknown][] = [
    ['string', ' 042 ', ' 042 '],
    ['string', '', ''],
    ['string', null, null],
    ['string', 'NaN', 'NaN'],
    ['int32', ' 42 ', 42],
    ['int32', '42.0', 42],
    ['int32', '', null],
    ['int64', '9223372036854775807', 2n ** 63n - 1n],
    ['float64', '.5', 0.5],
    ['float64', '+1.5e3', 1500],
    ['float64', 'nan', null],
    ['float64', '-Infinity', null],
    ['bool', 'True', true],
    ['bool', 'FALSE', false],
    ['timestamp', ' 2024-05-01 12:00 ', '2024-05-01 12:00'],
    ['list<string>', '["a", 1]', ['a', '1']],
    ['struct<a: int64>', '{"a": 9007199254740993}', { a: 9007199254740993n }],
  ];
  for (const [type, text, expected] of cases) assert.deepEqual(cell(type, text), expected, `${type} ${text}`);
});

test('what is no value of the type is refused as it is written', () => {
  assert.throws(() => cell('float64', '1,5'), /found "1,5", expected a finite number/);
  assert.throws(() => cell('float64', '9007199254740993'), /found 9007199254740993/);
  assert.throws(() => cell('int32', 'x'), /found "x"/);
  assert.throws(() => cell('bool', 'yes'), /found "yes", expected true or false/);
  assert.throws(() => cell('list<string>', "['a']"), /found "\['a'\]", expected JSON in the cell/);
});
