import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesSchema } from '../../../src/backends/protocols/messagesSchema.js';

test('objects are closed, and what the service refuses is left to our own check', () => {
  const found = messagesSchema({
    type: 'object',
    properties: {
      score: { type: 'integer', minimum: 1, maximum: 3 },
      share: { type: 'number', minimum: 0, description: 'a share' },
      tags: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1, maxItems: 3 },
    },
    required: ['score'],
    additionalProperties: true,
  });
  assert.deepEqual(found, {
    schema: {
      type: 'object',
      properties: {
        score: { enum: [1, 2, 3] },
        share: { type: 'number', description: 'a share' },
        tags: { type: 'array', items: { type: 'string' }, minItems: 1 },
      },
      required: ['score'],
      additionalProperties: false,
    },
    but: ['minimum', 'minLength', 'maxItems'],
  });
});

test('a schema that holds itself is not sent', () => {
  const tree = { type: 'object', properties: { next: { $ref: '#/$defs/tree' } } };
  const schema = { type: 'object', properties: { a: { $ref: '#/$defs/tree' } }, $defs: { tree } };
  assert.deepEqual(messagesSchema(schema), { why: 'it holds itself' });
});
