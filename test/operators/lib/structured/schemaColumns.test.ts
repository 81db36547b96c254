import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellOfJson, schemaColumns } from '../../../../src/operators/lib/structured/schemaColumns.js';

function objectOf(properties: object, more: object = {}) {
  return { type: 'object', properties, required: Object.keys(properties), ...more };
}

/** The schema of a field → its type, with ? where it may be null. */
const TYPES: [field: object, type: string][] = [
  [{ type: 'string' }, 'string'],
  [{ type: 'integer', minimum: 1 }, 'int64'],
  [{ type: 'number' }, 'float64'],
  [{ type: 'boolean' }, 'bool'],
  [{ enum: ['easy', 'hard'] }, 'string'],
  [{ enum: [1, 2, null] }, 'int64?'],
  [{ enum: [1, 2.5] }, 'float64'],
  [{ const: true }, 'bool'],
  [{ type: ['string', 'null'] }, 'string?'],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'float64?'],
  [{ type: 'array', items: { type: 'string' } }, 'list<string>'],
  [{ type: 'array', items: { type: ['integer', 'null'] } }, 'list<int64>'],
  [
    objectOf({ name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } }),
    'struct<name: string, tags: list<string>>',
  ],
  [
    { type: 'array', items: objectOf({ role: { type: 'string' }, content: { type: 'string' } }) },
    'list<struct<role: string, content: string>>',
  ],
  [{ $ref: '#/$defs/level' }, 'int64'],
];

for (const [field, type] of TYPES) {
  test(`the column of ${JSON.stringify(field)}`, () => {
    const found = schemaColumns(objectOf({ field }, { $defs: { level: { type: 'integer' } } }));
    assert.ok(Array.isArray(found), JSON.stringify(found));
    assert.equal(`${found[0]!.type}${found[0]!.nullable ? '?' : ''}`, type);
  });
}

test('a field that may be left out may be null', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string', description: 'why' } },
    required: ['b'],
  };
  assert.deepEqual(schemaColumns(schema), [
    { name: 'a', type: 'string', nullable: true, description: undefined },
    { name: 'b', type: 'string', nullable: false, description: 'why' },
  ]);
});

const NODE = objectOf({ next: { $ref: '#/$defs/node' } });
const FAULTS: [schema: object, at: string, message: RegExp][] = [
  [{ type: 'array' }, '', /expected `type: object` with `properties`/],
  [{ type: 'object', properties: {} }, '', /expected `type: object` with `properties`/],
  [objectOf({ a: {} }), 'properties.a', /hold values without a type/],
  [objectOf({ a: true }), 'properties.a', /any value at all/],
  [objectOf({ a: { type: ['string', 'number'] } }), 'properties.a', /of the types string and number/],
  [objectOf({ a: { anyOf: [{ type: 'string' }, { type: 'number' }] } }), 'properties.a', /of several types/],
  [objectOf({ a: { type: 'array' } }), 'properties.a.items', /any value at all/],
  [
    objectOf({ a: { type: 'array', items: { type: ['string', 'null'] } } }),
    'properties.a.items',
    /texts of which some are null/,
  ],
  [objectOf({ a: { type: 'object' } }), 'properties.a', /expected `type: object` with `properties`/],
  [objectOf({ a: { type: 'date' } }), 'properties.a', /"date" is no type/],
  [objectOf({ 'a<b': { type: 'string' } }), 'properties.a<b', /no column can be called so/],
  [objectOf({ a: { $ref: '#/$defs/none' } }), 'properties.a', /is not in this schema/],
];

for (const [schema, at, message] of FAULTS) {
  test(`no columns: ${JSON.stringify(schema)}`, () => {
    const found = schemaColumns(schema as Record<string, unknown>);
    assert.ok('message' in found);
    assert.equal(found.at.join('.'), at);
    assert.match(found.message, message);
  });
}

test('what holds itself is no column', () => {
  const found = schemaColumns({ ...objectOf({ a: { $ref: '#/$defs/node' } }), $defs: { node: NODE } });
  assert.ok('message' in found && /nested deeper|holds itself/.test(found.message), JSON.stringify(found));
});

test('values become cells: whole numbers of 64 bits, structs with all their fields', () => {
  assert.equal(cellOfJson('int64', 7), 7n);
  assert.deepEqual(cellOfJson('list<int64>', [1, null]), [1n, null]);
  assert.deepEqual(cellOfJson('struct<a: string, n: int64>', { n: 2, more: true }), { a: null, n: 2n });
  assert.equal(cellOfJson('string', undefined), null);
  assert.throws(() => cellOfJson('int64', 2 ** 60), /expected a whole number up to 2\^53/);
});
