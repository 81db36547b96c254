import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawToken, isSameToken } from '../../src/workers/token.js';

test('a drawn token is long, fits into a header, and no other is like it', () => {
  const tokens = Array.from({ length: 50 }, drawToken);
  assert.equal(new Set(tokens).size, 50);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{43}$/);
});

test('tokens are compared whole', () => {
  assert.equal(isSameToken('abc', 'abc'), true);
  assert.equal(isSameToken('abc', 'abd'), false);
  assert.equal(isSameToken('abc', 'abcd'), false);
  assert.equal(isSameToken('', 'abc'), false);
});
