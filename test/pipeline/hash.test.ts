import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf } from '../../src/pipeline/hash.js';

test('the hash tells values apart, not the order of keys', () => {
  assert.equal(hashOf({ a: 1, b: [1, { c: 2, d: 3 }] }), hashOf({ b: [1, { d: 3, c: 2 }], a: 1 }));
  assert.equal(hashOf({ a: undefined }), hashOf({}));
  const different = [{ a: 1 }, { a: '1' }, { a: [1] }, { a: null }, {}, [], null, 'a', { a: { a: 1 } }];
  assert.equal(new Set(different.map(hashOf)).size, different.length);
  assert.match(hashOf(1), /^[0-9a-f]{64}$/);
});
