import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SchemaDialect, heldSchema } from '../../src/backends/heldSchema.js';

const PLAIN: SchemaDialect = {
  alternatives: 'anyOf',
  knows: (keyword) => keyword === 'minLength',
  fault: ({ type }) => (type === 'array' ? 'it has a list' : null),
};

function held(properties: object, more: object = {}, dialect: SchemaDialect = PLAIN) {
  const schema = { type: 'object', properties, required: Object.keys(properties), ...more };
  return heldSchema(schema, dialect);
}

const PARTS: [part: object, held: object, but: string[]][] = [
  [{ type: 'string', minLength: 2, maxLength: 9 }, { type: 'string', minLength: 2 }, ['maxLength']],
  [{ type: 'string', description: 'x', format: 'date', pattern: '^a' }, { type: 'string' }, ['pattern']],
  [{ type: 'integer', minimum: 1, maximum: 3 }, { enum: [1, 2, 3] }, []],
  [{ type: 'integer', minimum: 1 }, { type: 'integer' }, ['minimum']],
  [{ type: 'integer', minimum: 1, maximum: 9999 }, { type: 'integer' }, ['minimum', 'maximum']],
  [
    { type: 'integer', minimum: 1, maximum: 9, multipleOf: 2 },
    { type: 'integer' },
    ['minimum', 'maximum', 'multipleOf'],
  ],
  [{ type: ['string', 'null'] }, { anyOf: [{ type: 'string' }, { type: 'null' }] }, []],
  [{ oneOf: [{ type: 'string' }, { type: 'null' }] }, { anyOf: [{ type: 'string' }, { type: 'null' }] }, []],
  [{ type: 'string', enum: ['a', 'b'] }, { enum: ['a', 'b'] }, []],
  [{ const: 4 }, { enum: [4] }, []],
];

for (const [part, expected, but] of PARTS) {
  test(`a server is told ${JSON.stringify(part)} in its own words`, () => {
    const found = held({ a: part });
    assert.ok('schema' in found, JSON.stringify(found));
    assert.deepEqual(found.schema['properties'], { a: expected });
    assert.deepEqual(found.but, but);
  });
}

const UNHELD: [properties: object, more: object, why: RegExp][] = [
  [{ a: { type: 'array', items: { type: 'string' } } }, {}, /it has a list/],
  [{ a: {} }, {}, /any value/],
  [{ a: { enum: [{ b: 1 }] } }, {}, /lists or objects/],
  [{ a: { $ref: '#/$defs/none' } }, {}, /\$defs/],
  [{ a: { $ref: 'https://x.test/y.json' } }, {}, /\$defs/],
  [{ a: { type: 'string' } }, { required: ['a', 'b'] }, /requires b/],
];

for (const [properties, more, why] of UNHELD) {
  test(`a server is not told ${JSON.stringify({ properties, ...more })}`, () => {
    const found = held(properties, more);
    assert.ok('why' in found && why.test(found.why), JSON.stringify(found));
  });
}

test('references stay, and a dialect may refuse those that lead back', () => {
  const more = { $defs: { tree: { type: 'object', properties: { next: { $ref: '#/$defs/tree' } } } } };
  const properties = { a: { $ref: '#/$defs/tree' } };
  const found = held(properties, more);
  assert.ok('schema' in found);
  assert.deepEqual([found.schema['$defs'], found.schema['properties']], [more.$defs, properties]);
  assert.deepEqual(held(properties, more, { ...PLAIN, refusesRecursion: true }), { why: 'it holds itself' });
});
