import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSchemaCheck, schemaFaults } from '../../../../src/operators/lib/structured/schemaCheck.js';

const SCHEMA = {
  type: 'object',
  properties: {
    level: { enum: ['easy', 'hard'] },
    score: { type: 'integer', minimum: 1, maximum: 5 },
    when: { type: 'string', format: 'date' },
  },
  required: ['level', 'score'],
  additionalProperties: false,
  'x-note': 'keywords of others are no fault',
};

const CASES: [value: unknown, fault: string | null][] = [
  [{ level: 'easy', score: 3 }, null],
  [{ level: 'easy', score: 3, when: 'no date' }, null],
  [{ level: 'easy' }, 'the object lacks "score"'],
  [{ level: 'odd', score: 9 }, 'level must be one of "easy", "hard"; score must be <= 5'],
  [{ level: 'easy', score: '3' }, 'score must be integer'],
  [{ level: 'easy', score: 1, more: 0 }, 'the object has "more", which the schema does not know'],
];

for (const [value, fault] of CASES) {
  test(`checked: ${JSON.stringify(value)}`, () => assert.equal(compileSchemaCheck(SCHEMA)(value), fault));
}

test('a text that is no schema is told', () => {
  assert.throws(() => compileSchemaCheck({ type: 'objekt' }), /schema is invalid/);
});

test('schemas of one $id are schemas of their own, also after one that is none', () => {
  const $id = 'http://example.org/reply';
  assert.match(compileSchemaCheck({ $id, type: 'integer' })('a')!, /must be integer/);
  assert.throws(() => compileSchemaCheck({ $id, $ref: '#/$defs/none' }), /can't resolve reference/);
  assert.equal(compileSchemaCheck({ $id, type: 'string' })('a'), null);
});

const withField = (field: unknown, more: object = {}): Record<string, unknown> => ({
  type: 'object',
  properties: { a: field, type: { type: 'string' } },
  ...more,
});

const TYPES = /^expected a type of JSON Schema: string, integer, number, boolean, array, object, null$/;

/** One mistake of a schema is told once, at its place; of more the first two. */
const SCHEMA_FAULTS: [schema: Record<string, unknown>, ...faults: [at: string, message: RegExp][]][] = [
  [withField({ type: 'string' })],
  [withField({ type: 'strng' }), ['properties.a.type', TYPES]],
  [withField({ type: ['string', 'nul'] }), ['properties.a.type.1', TYPES]],
  [withField({ type: 'array', items: { type: 'strng' } }), ['properties.a.items.type', TYPES]],
  [withField('string'), ['properties.a', /^expected a JSON Schema: a map of keywords$/]],
  [
    withField({ type: 'array', items: [{ type: 'string' }] }),
    ['properties.a.items', /^expected a JSON Schema/],
  ],
  [
    withField({ type: 'string' }, { additionalProperties: 'no' }),
    ['additionalProperties', /^expected a JSON Schema/],
  ],
  [withField({ type: 'string' }, { required: 'a' }), ['required', /^expected a list$/]],
  [withField({ type: 'string', minLength: '3' }), ['properties.a.minLength', /^expected a whole number$/]],
  [withField({ type: 'string', minLength: -3 }), ['properties.a.minLength', /^expected >= 0$/]],
  [
    withField({ type: 'string' }, { properties: { type: 'string' } }),
    ['properties.type', /^expected a JSON Schema/],
  ],
  [
    withField({ type: 'integer', maximum: 'x', minimum: 'y', multipleOf: 'z' }),
    ['properties.a.multipleOf', /^expected a number$/],
    ['properties.a.maximum', /^expected a number$/],
  ],
];

for (const [schema, ...expected] of SCHEMA_FAULTS)
  test(`mistakes of a schema: ${JSON.stringify(schema)}`, () => {
    const found = schemaFaults(schema);
    assert.deepEqual(
      found.map(({ at }) => at.join('.')),
      expected.map(([at]) => at),
    );
    for (const [at, [, message]] of expected.entries()) assert.match(found[at]!.message, message);
  });
