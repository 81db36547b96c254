import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../../../src/backends/http/httpClient.js';
import { listenTo, wholeReply } from '../../../src/backends/protocols/streamedReply.js';

const TYPE = 'text/event-stream; charset=utf-8';

function streamed(events: readonly unknown[], end = '[DONE]'): string {
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
  return `: a comment\n\n${lines.join('')}${end === '' ? '' : `data: ${end}\n\n`}`;
}

function replyWith(text: string, type = TYPE): HttpReply {
  return { status: 200, header: (name) => (name === 'content-type' ? type : undefined), text };
}

function wholeOf(text: string): unknown {
  const reply = wholeReply(replyWith(text));
  assert.equal(reply.header('content-type'), 'application/json');
  return JSON.parse(reply.text);
}

const COMPLETION = [
  { choices: [{ index: 0, text: 'Two ', finish_reason: null }] },
  { choices: [{ index: 0, text: 'plus ½', finish_reason: null }] },
  { choices: [{ index: 0, text: '.', finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 7, completion_tokens: 4 } },
];

const CHAT = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { reasoning_content: 'Hm' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { reasoning_content: 'm.' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { content: 'It is ' } }] },
  { choices: [{ index: 0, delta: { content: '4.' }, finish_reason: 'length' }] },
];

test('a reply that is no stream stays as it is', () => {
  const plain = replyWith('{"choices":[]}', 'application/json');
  assert.equal(wholeReply(plain), plain);
  const refused = { ...replyWith('data: no\n'), status: 429 };
  assert.equal(wholeReply(refused), refused);
});

test('the events of a completion are put together', () => {
  assert.deepEqual(wholeOf(streamed(COMPLETION)), {
    choices: [{ index: 0, text: 'Two plus ½.', finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 4 },
  });
});

test('the events of a message are put together, its reasoning apart', () => {
  const message = { role: 'assistant', content: 'It is 4.', reasoning_content: 'Hmm.' };
  assert.deepEqual(wholeOf(streamed(CHAT)), { choices: [{ index: 0, finish_reason: 'length', message }] });
  const called = { delta: { tool_calls: [{ index: 0 }] }, finish_reason: 'tool_calls' };
  assert.deepEqual(wholeOf(streamed([{ choices: [called] }])), {
    choices: [{ finish_reason: 'tool_calls', message: { content: null, tool_calls: [{}] } }],
  });
});

test('a stream that breaks off is no whole reply; one that only lacks its last mark is', () => {
  assert.throws(() => wholeOf(streamed(COMPLETION.slice(0, 2), '')));
  assert.ok(wholeOf(streamed(COMPLETION, '')));
});

test('an error in the middle is the reply', () => {
  const error = { error: { message: 'out of memory', code: 500 } };
  assert.deepEqual(wholeOf(streamed([COMPLETION[0], error])), error);
});

test('wherever the bytes are cut, who listens is told the text of the answer alone', () => {
  for (const [events, text] of [
    [COMPLETION, 'Two plus ½.'],
    [CHAT, 'It is 4.'],
  ] as const) {
    const bytes = Buffer.from(streamed(events).replaceAll('\n', '\r\n'));
    for (let at = 0; at <= bytes.length; at++) {
      let told = '';
      const listen = listenTo({ begins: () => (told = ''), wrote: (piece) => (told += piece) }, ['<end>'])();
      for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) listen(part, TYPE);
      assert.equal(told, text, `cut at ${at}`);
    }
  }
});

test('each try begins anew; a reply that is no stream tells nothing', () => {
  const said: string[] = [];
  const listen = listenTo({ begins: () => said.push('begins'), wrote: (piece) => said.push(piece) }, []);
  listen()(Buffer.from(streamed(COMPLETION.slice(0, 1))), TYPE);
  listen()(Buffer.from('{"choices":[]}\n'), 'application/json');
  assert.deepEqual(said, ['begins', 'Two ', 'begins']);
});
