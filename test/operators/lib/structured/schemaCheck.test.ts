import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSchemaCheck } from '../../../../src/operators/lib/structured/schemaCheck.js';

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
