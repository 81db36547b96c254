import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RELATIONS, assertRelations } from '../../src/backends/limits.js';

test('every relation between the limits holds', () => {
  assert.ok(Object.keys(RELATIONS).length >= 15);
  for (const [relation, holds] of Object.entries(RELATIONS)) assert.equal(holds, true, relation);
});

test('a broken relation is told in words when the file is loaded', () => {
  assert.throws(() => assertRelations({ 'one is one': true, 'water flows uphill': false }), {
    code: 'ERR_INVARIANT',
    message: 'src/backends/limits.ts: expected that water flows uphill',
  });
});
