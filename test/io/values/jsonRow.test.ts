import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType } from '../../../src/arrow/columnType.js';
import { typeTree } from '../../../src/arrow/typeTree.js';
import { readJsonRow, recordIn } from '../../../src/io/values/jsonRow.js';

function read(text: string, columns: Readonly<Record<string, ColumnType>>): unknown {
  const wanted = Object.entries(columns).map(([name, type]) => ({
    name,
    type: typeTree(type),
    nullable: true,
  }));
  const row = readJsonRow(text, wanted);
  return 'values' in row ? row.values : `${row.column}: ${row.fault}`;
}

test('values by the types of their columns, digits as they are written', () => {
  assert.deepEqual(
    read('{"a":1,"b":12345678901234567890,"c":null}', { a: 'string', b: 'string', c: 'bool', d: 'int32' }),
    ['1', '12345678901234567890', null, null],
  );
  assert.deepEqual(
    read('{"a": NaN, "b": [1, Infinity], "c": "NaN"}', { a: 'float64', b: 'list<float64>', c: 'string' }),
    [null, [1, null], 'NaN'],
  );
  assert.deepEqual(read('{"a":1e20,"b":-0.5}', { a: 'float64', b: 'float64' }), [1e20, -0.5]);
});

test('any name is a name of a column', () => {
  const text = '{"constructor":"a","toString":"b","__proto__":"c","":"d","x.y z":"e"}';
  const names = ['constructor', 'toString', '__proto__', '', 'x.y z', 'hasOwnProperty'];
  const columns = Object.fromEntries(names.map((name) => [name, 'string' as const]));
  assert.deepEqual(read(text, columns), ['a', 'b', 'c', 'd', 'e', null]);
});

test('a fault names the column, or says what the line is', () => {
  assert.match(`${read('{"a":{"b":1}}', { a: 'string' }) as string}`, /^a: found {"b":1}, expected a string/);
  assert.match(`${read('{"a":9007199254740993}', { a: 'float64' }) as string}`, /^a: found 9007199254740993/);
  assert.match(
    `${read('["a"]', { a: 'string' }) as string}`,
    /found "\[\\"a\\"\]", expected one JSON object a line$/,
  );
  assert.match(`${read('{', { a: 'string' }) as string}`, /over several lines are read in a JSON array/);
  assert.match(`${read('{\0"\0', { a: 'string' }) as string}`, /NUL bytes.*utf-16le/);
  assert.match(
    `${read(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, { a: 'string' }) as string}`,
    /^a: found \[/,
  );
});

test('a JSON object and nothing else is a record', () => {
  for (const text of ['null', '5', '"a"', '[]', '', '{"a":}', 'NaN', '[NaN]'])
    assert.equal(recordIn(text), null);
  assert.deepEqual(recordIn(' {"a":1} '), { a: 1 });
  assert.equal(recordIn('{"a":NaN}')!['a'], null);
});
