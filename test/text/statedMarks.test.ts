import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastStated, statedFinally } from '../../src/text/statedMarks.js';

test('without a mark nothing is stated; a mark without an answer states null', () => {
  assert.equal(lastStated('So it goes, 5.'), undefined);
  assert.equal(lastStated('The answer is'), null);
});

test('a mark before a position states nothing', () => {
  const text = 'The answer is 5. And now';
  assert.equal(lastStated(text), '5');
  assert.equal(lastStated(text, 10), null);
});

test('only a final answer in maths counts more than a box before it', () => {
  assert.equal(statedFinally('\\boxed{4}. The final answer is 5.', 9), '5');
  assert.equal(statedFinally('\\boxed{4}. The answer is 5.', 9), null);
  assert.equal(statedFinally('\\boxed{4}. The final answer is as above.', 9), null);
});
