import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryResponse } from '../../../src/io/exports/queryResponse.js';

test('columns may have other names in the run; they are `query` and `response` in the export', () => {
  const options = queryResponse.schema.parse({ format: 'queryResponse', question: 'q', response: 'best' });
  const { reads, writes } = queryResponse.describe(options);
  assert.deepEqual(reads, { q: 'string', best: 'string' });
  assert.deepEqual(
    writes.map(([element]) => element!.name),
    ['query', 'response'],
  );
  assert.deepEqual(queryResponse.open(options)({ q: 'Why?', best: 'So.' }), {
    query: 'Why?',
    response: 'So.',
  });
});
