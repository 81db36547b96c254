import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grammarSchema } from '../../../src/backends/llamaCpp/grammarSchema.js';

const object = (properties: object, more: object = {}) => ({
  ...{ type: 'object', properties, required: Object.keys(properties) },
  ...more,
});

test('bounds of lengths are held up to a thousand; those of numbers are ours to check', () => {
  const found = grammarSchema(
    object({
      a: { type: 'string', minLength: 1, maxLength: 1001 },
      b: { type: 'array', items: { type: 'number', minimum: 0 }, maxItems: 4 },
    }),
  );
  assert.deepEqual(found, {
    schema: object({
      a: { type: 'string', minLength: 1 },
      b: { type: 'array', items: { type: 'number' }, maxItems: 4 },
    }),
    but: ['maxLength', 'minimum'],
  });
});

const UNHELD: [schema: object, why: RegExp][] = [
  [object({ a: { type: 'string' } }, { required: [] }), /property a may be left out/],
  [object({ a: { type: 'object' } }), /object of any properties/],
  [object({ a: { type: 'array' } }), /list of any values/],
  [object({ a: { type: 'array', prefixItems: [{ type: 'string' }] } }), /places of their own/],
  [object({ a: { type: 'string' } }, { minProperties: 2 }), /more properties than it names/],
];

for (const [schema, why] of UNHELD) {
  test(`no grammar holds replies to ${JSON.stringify(schema)}`, () => {
    const found = grammarSchema(schema as Record<string, unknown>);
    assert.ok('why' in found && why.test(found.why), JSON.stringify(found));
  });
}
