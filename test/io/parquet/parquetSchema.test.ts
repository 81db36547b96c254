import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Field, List, RecordBatchReader, Schema, Uint32, Uint64 } from 'apache-arrow';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { COLUMN_TYPES, type Column } from '../../../src/arrow/columnType.js';
import { encodeArrowSchema, parquetSchema } from '../../../src/io/parquet/parquetSchema.js';

function schemaOf(...columns: Omit<Column, 'help'>[]): Schema {
  return new Schema(columns.map((column) => arrowField({ help: `about ${column.name}`, ...column })));
}

test('a column is one element, a list the three levels of the standard', () => {
  assert.deepEqual(
    parquetSchema(
      schemaOf(
        { name: 'question', type: 'string' },
        { name: 'reward', type: 'float64', nullable: true },
        { name: 'rewards', type: 'list<float64>' },
      ),
    ),
    [
      { name: 'root', num_children: 3 },
      { name: 'question', repetition_type: 'REQUIRED', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      { name: 'reward', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
      { name: 'rewards', repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
    ],
  );
});

test('every type that a step may declare has a Parquet type', () => {
  for (const type of COLUMN_TYPES) assert.ok(parquetSchema(schemaOf({ name: 'a', type })).at(-1)!.type);
});

test('another Arrow type is refused by the name of its column', () => {
  const wrong = [new Uint64(), new Uint32(), new List(new Field('element', new Uint64()))];
  for (const type of wrong)
    assert.throws(() => parquetSchema(new Schema([new Field('count', type)])), {
      code: 'ERR_INVARIANT',
      message: /column "count(\[…\])?" has the Arrow type/,
    });
});

test('the metadata gives the schema back, with help texts', () => {
  const schema = schemaOf({ name: 'question', type: 'string' }, { name: 'rewards', type: 'list<float64>' });
  const bytes = Buffer.from(encodeArrowSchema(schema), 'base64');
  // A stream of a schema and nothing else: readers of the metadata want no end mark.
  const read = RecordBatchReader.from(new Uint8Array([...bytes, 255, 255, 255, 255, 0, 0, 0, 0])).open()
    .schema;
  assert.deepEqual(
    read.fields.map(({ name, type, metadata }) => [name, String(type), metadata.get('help')]),
    schema.fields.map(({ name, type, metadata }) => [name, String(type), metadata.get('help')]),
  );
});
