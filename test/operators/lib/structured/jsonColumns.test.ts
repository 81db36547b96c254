import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileStructured,
  jsonSchemaOption,
  schemaOf,
  structuredColumns,
} from '../../../../src/operators/lib/structured/jsonColumns.js';

const SCHEMA = {
  type: 'object',
  properties: {
    score: { type: 'integer', maximum: 5, description: 'how good it is' },
    reason: { type: 'string' },
  },
  required: ['score'],
};

test('the columns of a schema carry its descriptions', () => {
  assert.deepEqual(structuredColumns(SCHEMA), [
    { name: 'score', type: 'int64', nullable: false, help: 'How good it is.' },
    { name: 'reason', type: 'string', nullable: true, help: 'The field reason of the reply.' },
  ]);
});

test('the option refuses what is no schema; a path is for pipeline files', () => {
  assert.ok(jsonSchemaOption.safeParse(SCHEMA).success);
  assert.equal(schemaOf('x.json'), undefined);
  for (const wrong of ['x.json', { type: 'objekt' }, { ...SCHEMA, required: 'score' }]) {
    assert.ok(!jsonSchemaOption.safeParse(wrong).success, JSON.stringify(wrong));
  }
  assert.throws(
    () => compileStructured({ ...SCHEMA, minProperties: 'one' }),
    /minProperties: expected a whole number/,
  );
});
