import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptMessages, promptWriter } from '../../../src/io/exports/prompts.js';

test('a question that looks like a replacement pattern stays as it is', () => {
  const { prompt } = promptWriter({ user: '{{ question }} {{ question }}', asMessages: false });
  assert.equal(prompt("$& $1 $' cost"), "$& $1 $' cost $& $1 $' cost");
});

test('there is no system message where none is asked for', () => {
  assert.deepEqual(promptMessages({ user: '{{ question }}' }, 'Why?'), [{ role: 'user', content: 'Why?' }]);
});
