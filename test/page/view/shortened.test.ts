import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortened } from '../../../src/page/view/shortened.js';

test('a long text is cut with a mark, and no character in half', () => {
  assert.equal(shortened('abc', 3), 'abc');
  assert.equal(shortened('abcd', 3), 'abc…');
  assert.equal(shortened('ab cd', 3), 'ab…');
  assert.equal(shortened('ab😀cd', 3), 'ab…');
});
