import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutLoosePatterns } from '../../src/backends/loosePatterns.js';

const text = (pattern: string): Record<string, unknown> => ({ type: 'string', minLength: 1, pattern });
const object = (properties: Record<string, unknown>): Record<string, unknown> => ({
  type: 'object',
  properties,
});

test('a pattern that may stand anywhere in a text is not sent, at any depth', () => {
  const schema = object({
    query: text('[Ss]elect'),
    codes: { type: 'array', items: text('^[A-Z]+') },
    either: { anyOf: [text('x$'), { type: 'null' }] },
  });
  assert.deepEqual(withoutLoosePatterns(schema), {
    ...object({
      query: { type: 'string', minLength: 1 },
      codes: { type: 'array', items: { type: 'string', minLength: 1 } },
      either: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
    }),
  });
  assert.equal((schema['properties'] as { query: { pattern: string } }).query.pattern, '[Ss]elect');
});

test('a pattern of the whole text is sent; one that a choice opens, or an escaped end, is not', () => {
  const patterns = ['^[0-9]{4}$', '^$', '^a|b$', '^costs 5\\$', '^(a|b)$'];
  const sent = patterns.map((pattern) => withoutLoosePatterns(text(pattern))['pattern']);
  assert.deepEqual(sent, ['^[0-9]{4}$', undefined, undefined, undefined, undefined]);
});

test('properties and data that are called as the keyword stay', () => {
  const schema = {
    ...object({ pattern: text('^x$') }),
    required: ['pattern'],
    const: { pattern: 'x' },
    examples: [{ pattern: 'y' }],
  };
  assert.deepEqual(withoutLoosePatterns(schema), schema);
});

test('a schema is looked at once', () => {
  const schema = object({ query: text('x') });
  assert.equal(withoutLoosePatterns(schema), withoutLoosePatterns(schema));
});
