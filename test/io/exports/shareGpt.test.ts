import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareGpt } from '../../../src/io/exports/shareGpt.js';

const open = (changes: object) => shareGpt.open(shareGpt.schema.parse({ format: 'shareGpt', ...changes }));

test('a conversation of from and value', () => {
  assert.deepEqual(open({ system: 's', user: 'Q: {{ question }}' })({ question: '1 + 1?', response: '2' }), {
    conversations: [
      { from: 'system', value: 's' },
      { from: 'human', value: 'Q: 1 + 1?' },
      { from: 'gpt', value: '2' },
    ],
  });
  const { reads, writes } = shareGpt.describe(
    shareGpt.schema.parse({ format: 'shareGpt', response: 'best' }),
  );
  assert.deepEqual(reads, { question: 'string', best: 'string' });
  assert.deepEqual(
    writes.map((column) => column.map(({ name }) => name)),
    [['conversations', 'list', 'element', 'from', 'value']],
  );
});

test('a column of chats of several turns; a row without one is left out', () => {
  const chat = [
    { role: 'system', content: 's' },
    { role: 'user', content: 'a' },
    { role: 'assistant', content: '<think>hm</think>b' },
    { role: 'user', content: 'c' },
    { role: 'assistant', content: null },
    { role: 'tool', content: 'd' },
  ];
  const options = { messages: 'chat', reasoning: 'leaveOut' };
  assert.deepEqual(open(options)({ chat }), {
    conversations: [
      { from: 'system', value: 's' },
      { from: 'human', value: 'a' },
      { from: 'gpt', value: 'b' },
      { from: 'human', value: 'c' },
      { from: 'gpt', value: '' },
      { from: 'tool', value: 'd' },
    ],
  });
  assert.equal(open(options)({ chat: null }), null);
});
