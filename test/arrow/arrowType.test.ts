import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary, Float32, Int16, Int32, List, Utf8 } from 'apache-arrow';
import { arrowField, arrowType, columnTypeOf } from '../../src/arrow/arrowType.js';
import { COLUMN_TYPES, SEQ_COLUMN, SEQ_INDEX_COLUMN } from '../../src/arrow/columnType.js';

for (const type of COLUMN_TYPES) {
  test(`${type} is stored as an Arrow type that is read as ${type} again`, () =>
    assert.equal(columnTypeOf(arrowType(type)), type));
}

test('text by a dictionary is text; types that no column has are none', () => {
  assert.equal(columnTypeOf(new Dictionary(new Utf8(), new Int32())), 'string');
  const others = [new Int16(), new Float32(), new List(arrowField({ name: 'a', type: 'int32', help: '' }))];
  assert.deepEqual(others.map(columnTypeOf), [null, null, null]);
});

test('a field has the column’s name, help and whether it may be null, and is made once', () => {
  const column = { name: 'reward', type: 'float64', help: 'How good.', nullable: true } as const;
  const field = arrowField(column);
  assert.deepEqual([field.name, field.nullable, field.metadata.get('help')], ['reward', true, 'How good.']);
  assert.equal(arrowField(column), field);
  assert.notEqual(arrowField({ ...column }), field);
});

test('what identifies a row is two whole numbers that are never missing', () => {
  for (const column of [SEQ_COLUMN, SEQ_INDEX_COLUMN])
    assert.deepEqual([columnTypeOf(arrowField(column).type), arrowField(column).nullable], ['int32', false]);
});
