import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { findDoubleBos } from '../../../src/backends/templates/doubleBos.js';
import { sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

const BOS = 1;

/** A tokeniser of words, `<s>` a special one, that puts its own before the prompt if told to. */
function tokensOf(prompt: string, add: boolean): number[] {
  const words = prompt.split(/(?<=<s>)| /).filter(Boolean);
  return [...(add ? [BOS] : []), ...words.map((word) => (word === '<s>' ? BOS : word.length + 10))];
}

const CASES: [prompt: string, addSpecialTokens: boolean, kind: string][] = [
  ['<s>User: hi', true, 'doubled'],
  ['<s>User: hi', false, 'single'],
  ['User: hi', true, 'single'],
  ['aa bb cc', false, 'single'],
  ['', true, 'single'],
];

for (const [prompt, addSpecialTokens, kind] of CASES) {
  test(`"${prompt}" ${addSpecialTokens ? 'with' : 'without'} special tokens is ${kind}`, async () => {
    const server = await startFaultServer(({ body }, response) => {
      const tokens = tokensOf(body['prompt'] as string, body['add_special_tokens'] as boolean);
      sendJson(response, 200, {
        count: tokens.length,
        max_model_len: 9,
        tokens,
        token_strs: tokens.map(String),
      });
    });
    const { url } = server;
    const extra = addSpecialTokens ? {} : { add_special_tokens: false };
    const found = await findDoubleBos({ url, model: 'm', prompt, extra, clock: systemClock });
    assert.equal(found.kind, kind);
    if (found.kind === 'doubled') assert.equal(found.token, String(BOS));
    assert.equal(server.seen[0]!.path, '/tokenize');
    assert.equal(server.seen[0]!.body['model'], 'm');
    await server.stop();
  });
}

test('a prompt that itself begins with one word twice is not doubled, where the server adds nothing', async () => {
  const server = await startFaultServer((_, response) => sendJson(response, 200, { tokens: [5, 5, 6] }));
  const found = await findDoubleBos({ url: server.url, model: 'm', prompt: 'no no 1', clock: systemClock });
  assert.deepEqual(found, { kind: 'single' });
  assert.equal(server.seen.length, 2);
  await server.stop();
});

test('a server without /tokenize is unknown, and so is none', async () => {
  const server = await startFaultServer((_, response) => sendJson(response, 404, { detail: 'Not Found' }));
  const ask = { url: server.url, model: 'm', prompt: 'x', clock: systemClock };
  assert.equal((await findDoubleBos(ask)).kind, 'unknown');
  await server.stop();
  assert.equal((await findDoubleBos(ask)).kind, 'unknown');
});

for (const adds of [true, false]) {
  test(`a server without /tokenize is asked how many tokens it counts; ${adds ? 'one too many' : 'two'}`, async () => {
    const server = await startFaultServer(({ path, body }, response) => {
      if (path !== '/v1/completions') return sendJson(response, 404, { detail: 'Not Found' });
      const prompt_tokens = tokensOf((body['prompt'] as string).replace('<s>', '<s> '), adds).length;
      sendJson(response, 200, { choices: [], usage: { prompt_tokens } });
    });
    const found = await findDoubleBos({
      ...{ url: server.url, model: 'm', prompt: '<s>User: ', bos: '<s>', clock: systemClock },
      extra: { top_k: 7 },
    });
    assert.deepEqual(found, adds ? { kind: 'doubled', token: '<s>' } : { kind: 'single' });
    assert.deepEqual([server.seen.at(-1)!.body['prompt'], server.seen.at(-1)!.body['top_k']], ['<s>A', 7]);
    await server.stop();
  });
}
