import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportSchema, openExport } from '../../../src/io/exports/registry.js';
import { exportedReply } from '../../../src/io/exports/replies.js';

const INLINE = '<think>\n2 + 2\n</think>\n\n4';

test('a reply with its thought, as a field of a message, without it, or as it stands', () => {
  assert.deepEqual(exportedReply({}, INLINE), { content: INLINE });
  for (const [response, thought] of [[INLINE], ['2 + 2</think>4'], ['4', '2 + 2']] as [string, string?][]) {
    assert.deepEqual(exportedReply({ reasoning: 'inline' }, response, thought), { content: INLINE });
    assert.deepEqual(exportedReply({ reasoning: 'leaveOut' }, response, thought), { content: '4' });
    assert.deepEqual(exportedReply({ reasoning: 'field' }, response, thought), {
      content: '4',
      reasoning: '2 + 2',
    });
  }
  for (const [response, thought] of [['4'], ['4', '']] as [string, string?][]) {
    assert.deepEqual(exportedReply({ reasoning: 'inline' }, response, thought), { content: '4' });
    assert.deepEqual(exportedReply({ reasoning: 'field' }, response, thought), {
      content: '4',
      reasoning: null,
    });
  }
});

const ROW = { question: '2 + 2?', response: INLINE };
const APART = { question: '2 + 2?', response: '4', reasoning: '2 + 2' };
const FIELD = { role: 'assistant', content: '4', reasoning_content: '2 + 2' };

for (const [format, changes, expected] of [
  ['queryResponse', { reasoning: 'leaveOut' }, { query: '2 + 2?', response: '4' }],
  ['queryResponse', { reasoning: 'inline' }, { query: '2 + 2?', response: INLINE }],
  ['messages', { reasoning: 'field' }, { messages: [{ role: 'user', content: '2 + 2?' }, FIELD] }],
  [
    'promptCompletion',
    { reasoning: 'field', asMessages: true },
    { prompt: [{ role: 'user', content: '2 + 2?' }], completion: [FIELD] },
  ],
  ['promptCompletion', { reasoning: 'inline' }, { prompt: '2 + 2?', completion: INLINE }],
  ['alpaca', { reasoning: 'leaveOut' }, { instruction: '2 + 2?', input: '', output: '4' }],
  [
    'shareGpt',
    { reasoning: 'inline' },
    {
      conversations: [
        { from: 'human', value: '2 + 2?' },
        { from: 'gpt', value: INLINE },
      ],
    },
  ],
] as [string, object, object][]) {
  test(`${format} with ${JSON.stringify(changes)}: from the response, and from a column of its own`, () => {
    const open = (more: object) => openExport(exportSchema.parse({ format, ...changes, ...more }));
    assert.deepEqual(open({})(ROW), expected);
    assert.deepEqual(open({ reasoningColumn: 'reasoning' })(APART), expected);
  });
}

test('preference: of each of the pair', () => {
  const rows = { question: 'q', responses: [INLINE, '5'], rewards: [1, 0] };
  const open = (changes: object) => openExport(exportSchema.parse({ format: 'preference', ...changes }));
  assert.deepEqual(open({ reasoning: 'leaveOut' })(rows), { prompt: 'q', chosen: '4', rejected: '5' });
  assert.deepEqual(open({ reasoning: 'field', asMessages: true })(rows), {
    prompt: [{ role: 'user', content: 'q' }],
    chosen: [FIELD],
    rejected: [{ role: 'assistant', content: '5', reasoning_content: null }],
  });
});

test('what says nothing is refused: a field without messages, a column for nothing', () => {
  for (const format of ['promptCompletion', 'preference']) {
    const [issue] = exportSchema.safeParse({ format, reasoning: 'field' }).error!.issues;
    assert.deepEqual(issue!.path, ['reasoning']);
  }
  for (const format of ['queryResponse', 'messages', 'promptCompletion', 'shareGpt', 'alpaca']) {
    const [issue] = exportSchema.safeParse({ format, reasoningColumn: 'reasoning' }).error!.issues;
    assert.deepEqual(issue!.path, ['reasoningColumn'], format);
  }
});
