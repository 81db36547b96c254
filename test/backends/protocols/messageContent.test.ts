import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../../../src/backends/protocols/messageContent.js';

const NOTHING = { text: '', reasoning: '', reasoningField: '', others: [] };

const READ: [why: string, message: Record<string, unknown>, expected: Record<string, unknown>][] = [
  ['a text', { content: 'It is 4.' }, { text: 'It is 4.' }],
  ['nothing', { content: null }, {}],
  ['a message without content', { role: 'assistant' }, {}],
  [
    'parts of text, one after the other',
    { content: [{ type: 'text', text: 'It ' }, { type: 'output_text', text: 'is ' }, { text: '4' }, '.'] },
    { text: 'It is 4.' },
  ],
  ['a single part', { content: { type: 'text', text: 'It is 4.' } }, { text: 'It is 4.' }],
  [
    'a text that is an object',
    { content: [{ type: 'text', text: { value: 'It is 4.' } }] },
    { text: 'It is 4.' },
  ],
  [
    'thoughts as parts',
    {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: '4' },
      ],
    },
    { text: '4', reasoning: 'hm', reasoningField: 'content' },
  ],
  [
    'reasoning_content',
    { content: '4', reasoning_content: 'hm' },
    { text: '4', reasoning: 'hm', reasoningField: 'reasoning_content' },
  ],
  ['reasoning', { content: null, reasoning: 'hm' }, { reasoning: 'hm', reasoningField: 'reasoning' }],
  ['empty reasoning', { content: '4', reasoning_content: '', reasoning: null }, { text: '4' }],
  [
    'a picture beside a text',
    {
      content: [
        { type: 'image_url', image_url: { url: 'x' } },
        { type: 'text', text: '4' },
      ],
    },
    { text: '4', others: ['image_url'] },
  ],
];

for (const [why, message, expected] of READ) {
  test(`reads ${why}`, () => assert.deepEqual(readMessage(message), { ...NOTHING, ...expected }));
}

test('what is neither text nor part is not read', () => {
  for (const content of [7, true, [[]], [7], ['a', null]]) assert.equal(readMessage({ content }), undefined);
});

test('parts in parts end somewhere, and a list is as long as it is', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 50_000; level++) deep = { text: deep };
  assert.deepEqual(readMessage({ content: [deep] }), NOTHING);
  const before = process.cpuUsage();
  const content = Array.from({ length: 40_000 }, () => ({ type: 'text', text: 'x' }));
  assert.equal(readMessage({ content })?.text.length, 40_000);
  assert.ok(process.cpuUsage(before).user < 250_000);
});

test('any message is read or not read, without an exception', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('content', 'reasoning'), fc.jsonValue()),
      (message) => void readMessage(message),
    ),
  );
});
