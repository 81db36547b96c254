import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Bool,
  type DataType,
  DateMillisecond,
  Dictionary,
  Field,
  Float32,
  Int32,
  List,
  Struct,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { arrowField, arrowType, columnTypeOf } from '../../src/arrow/arrowType.js';
import { TYPES } from './arbitraries.js';

test('every column type is stored as an Arrow type that is read back as the same', () => {
  for (const type of TYPES) assert.equal(columnTypeOf(arrowType(type)), type);
});

test('an Arrow type that no column has is none', () => {
  const list = (type: DataType): List => new List(new Field('item', type, true));
  const foreign = [new Uint64(), new Uint32(), new Float32(), new DateMillisecond(), list(new Uint64())];
  const struct = new Struct([new Field('a', new Utf8(), true), new Field('b', new Float32(), true)]);
  for (const type of [...foreign, struct, list(list(new Float32()))])
    assert.equal(columnTypeOf(type), null, `${type}`);
});

test('text in a dictionary is text, alone and in lists', () => {
  const words = new Dictionary(new Utf8(), new Int32());
  assert.equal(columnTypeOf(words), 'string');
  assert.equal(columnTypeOf(new List(new Field('item', words, true))), 'list<string>');
  assert.equal(columnTypeOf(new Dictionary(new Bool(), new Int32())), 'bool');
});

test('a field carries name, nullability and help, and is made once a column', () => {
  const column = { name: 'hint', type: 'string', help: 'A hint.', nullable: true } as const;
  const field = arrowField(column);
  assert.deepEqual([field.name, field.nullable, field.metadata.get('help')], ['hint', true, 'A hint.']);
  assert.equal(arrowField(column), field);
  assert.equal(arrowField({ name: 'hint', type: 'string', help: '' }).nullable, false);
});
