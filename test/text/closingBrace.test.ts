import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingBrace } from '../../src/text/closingBrace.js';

test('the closing brace passes over escaped ones', () => {
  assert.equal(closingBrace('{a{b}\\}c}', 0), 8);
  assert.equal(closingBrace('{a{b}', 0), -1);
});
