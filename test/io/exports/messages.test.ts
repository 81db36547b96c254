import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messages } from '../../../src/io/exports/messages.js';

test('system, user and assistant messages, in this order', () => {
  const options = messages.schema.parse({
    format: 'messages',
    system: 'You are helpful.',
    user: 'Q: {{ question }}',
  });
  assert.deepEqual(messages.open(options)({ question: '1 + 1?', response: '2' }), {
    messages: [
      { role: 'system', content: 'You are helpful.' },
      { role: 'user', content: 'Q: 1 + 1?' },
      { role: 'assistant', content: '2' },
    ],
  });
});

test('it reads the two named columns and writes one list', () => {
  const { reads, writes } = messages.describe(
    messages.schema.parse({ format: 'messages', response: 'best' }),
  );
  assert.deepEqual(reads, { question: 'string', best: 'string' });
  assert.deepEqual(
    writes.map((column) => column.map(({ name }) => name)),
    [['messages', 'list', 'element', 'role', 'content']],
  );
});

test('a column of chats is written as it is; a row without one is left out', () => {
  const options = messages.schema.parse({ format: 'messages', messages: 'chat' });
  const chat = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: null },
  ];
  assert.deepEqual(messages.open(options)({ chat }), { messages: chat });
  assert.equal(messages.open(options)({ chat: null }), null);
  const { reads, writes } = messages.describe(options);
  assert.deepEqual(reads, { chat: 'messages' });
  assert.equal(writes[0]!.at(-1)!.repetition_type, 'OPTIONAL');
});

test('a user message without a place for the question is refused', () => {
  assert.throws(
    () => messages.schema.parse({ format: 'messages', user: 'Solve it.' }),
    /expected \{\{ question \}\} in it/,
  );
});
