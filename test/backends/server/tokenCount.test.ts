import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTokenCount, tokenCount, usageNotes } from '../../../src/backends/server/tokenCount.js';

test('whole numbers in range are counts; what is anything else is absent', () => {
  for (const count of [0, 1, 4096, 1e9]) assert.equal(tokenCount(count), count);
  for (const other of [-1, 0.5, 1e308, Infinity, NaN, '9', null, undefined, [], {}, true, 2 ** 53]) {
    assert.equal(tokenCount(other), undefined, String(other));
    assert.equal(isTokenCount(other), false);
  }
});

test('a count that is none is noted once a field; one that is not there is not', () => {
  const fields = ['prompt_tokens', 'completion_tokens'];
  assert.deepEqual(usageNotes({ prompt_tokens: 3, completion_tokens: 1e308 }, fields), [
    'usage.completion_tokens is no whole number of tokens, so it was not counted',
  ]);
  assert.deepEqual(usageNotes('many', fields), ['usage is no object, so no tokens were counted']);
  for (const fine of [null, undefined, {}, { prompt_tokens: null, completion_tokens: 0 }])
    assert.deepEqual(usageNotes(fine, fields), []);
});
