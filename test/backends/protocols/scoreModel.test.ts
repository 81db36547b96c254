import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScoreItem } from '../../../src/backends/model.js';
import { groupPositions } from '../../../src/backends/protocols/scoreModel.js';
import { sendJson } from '../../helpers/servers/faultServer.js';
import { PAIRS, codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

/** What every kind of model that scores has in common, shown with scorePair, whose protocol is the plainest. */

function scoresOf(values: readonly unknown[]): object {
  return { data: values.map((score, index) => ({ index, score })), usage: { prompt_tokens: 12 } };
}

function ask(replies: unknown[], options: object = {}) {
  return serve((_, index, response) => {
    const reply = replies[Math.min(index, replies.length - 1)];
    if (typeof reply !== 'string') return reply;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(reply);
    return undefined;
  }).then(async (server) => ({ server, model: await openKind('scorePair', server.url, options) }));
}

describe('openScoreModel', () => {
  it('cuts a row into requests of at most itemsPerRequestMax, and gives the scores in the order of the items', async () => {
    const server = await serve((body) =>
      scoresOf((body['text_2'] as string[]).map((text) => Number(text) / 10)),
    );
    const model = await openKind('scorePair', server.url, { itemsPerRequestMax: 2 });
    const items = ['5', '1', '4', '2', '3'].map((assistant): ScoreItem => ({ user: 'q', assistant }));
    assert.deepEqual(await model.score({ seq: 0, items }), [0.5, 0.1, 0.4, 0.2, 0.3]);
    assert.deepEqual(
      server.seen.map(({ body }) => (body['text_2'] as string[]).length),
      [2, 2, 1],
    );
    assert.equal(model.stats().requests, 3);
    assert.equal(model.stats().promptTokens, 36);
    assert.deepEqual(groupPositions([], 4), []);
  });

  for (const wrong of ['NaN', '-Infinity', 'null', '1e999', '"0.5"', '[0.5]']) {
    it(`rejects the row for a score of ${wrong}, at the first try`, async () => {
      const text = `{"data":[{"index":0,"score":1},{"index":1,"score":${wrong}},{"index":2,"score":0}]}`;
      const { server, model } = await ask([text]);
      assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS })), 'ROW_SCORE_INVALID');
      assert.equal(server.seen.length, 1);
    });
  }

  it('rejects the row for a score that is not there, and for too few', async () => {
    const missing = await ask([{ data: [{ index: 0 }, { index: 1 }, { index: 2 }] }]);
    assert.equal(await codeOf(missing.model.score({ seq: 0, items: PAIRS })), 'ROW_SCORE_INVALID');
    const fewer = await ask([scoresOf([1, 2])]);
    assert.equal(await codeOf(fewer.model.score({ seq: 0, items: PAIRS })), 'ROW_FEWER_CHOICES');
  });

  it('asks again after a reply that is cut off, and gives the row up when each is', async () => {
    const once = await ask(['{"data":[{"index":0,"sc', scoresOf([1, 2, 3])]);
    assert.deepEqual(await once.model.score({ seq: 0, items: PAIRS }), [1, 2, 3]);
    assert.equal(once.model.stats().retries, 1);
    const cut = '{"data":[{"index":0,"sc';
    const always = await ask([cut, cut, cut, scoresOf([1])], { retriesMax: 2 });
    assert.equal(await codeOf(always.model.score({ seq: 0, items: PAIRS })), 'ROW_REPLY_INVALID');
    // The last one asked whether the server fails at all.
    assert.equal(always.server.seen.length, 4);
  });

  const STATUSES: [number, string][] = [
    [401, 'ERR_MODEL_REFUSED'],
    [404, 'ERR_MODEL_REFUSED'],
    // Whatever it is asked.
    [400, 'ERR_MODEL_REFUSED'],
    [413, 'ROW_PROMPT_TOO_LONG'],
    [424, 'ERR_MODEL_UNREACHABLE'],
    [500, 'ERR_MODEL_UNREACHABLE'],
  ];
  for (const [status, code] of STATUSES) {
    it(`ends with ${code} on ${status}, without the key in the message`, async () => {
      const server = await serve((_, __, response) =>
        sendJson(response, status, { error: { message: 'sk-secret-99 is bad' } }),
      );
      const model = await openKind('scorePair', server.url, {
        ...{ retriesMax: 1, apiKeyEnv: 'TEST_KEY', unreachableMs: 100 },
      });
      assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS })), code);
      assert.equal(server.seen[0]!.headers.authorization, 'Bearer sk-secret-99');
    });
  }

  for (const [status, code] of [
    [400, 'ROW_REFUSED'],
    [500, 'ROW_SERVER_ERROR'],
  ] as const)
    it(`rejects one row with ${code} where a server answers ${status} to it and takes others`, async () => {
      const server = await serve((body, __, response) =>
        JSON.stringify(body).includes('What is 2 + 2?')
          ? scoresOf([1])
          : sendJson(response, status, { error: { message: 'not this one' } }),
      );
      const model = await openKind('scorePair', server.url, { retriesMax: 0 });
      assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS })), code);
    });

  it('waits for a busy server, at no cost of tries', async () => {
    const server = await serve((_, index, response) =>
      index < 1 ? sendJson(response, 429, {}) : scoresOf([1, 2, 3]),
    );
    const model = await openKind('scorePair', server.url, { retriesMax: 0 });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [1, 2, 3]);
  });

  it('ends the run for another protocol’s reply', async () => {
    const { model } = await ask([{ choices: [] }]);
    assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS })), 'ERR_MODEL_PROTOCOL');
  });

  it('can do nothing else', async () => {
    const { server, model } = await ask([scoresOf([])]);
    assert.deepEqual(model.can, { preQuery: false, choose: false, score: true, embed: false });
    const message = { kind: 'user', text: 'x' } as const;
    const sampling = { n: 1, tokensMax: 1, temperature: 1, topP: 1, seed: 0 };
    assert.equal(await codeOf(model.complete({ seq: 0, message, ...sampling })), 'ERR_PIPELINE_MODEL');
    assert.equal(await codeOf(model.choose({ seq: 0, message, options: ['a'] })), 'ERR_PIPELINE_MODEL');
    assert.equal(await codeOf(model.embed({ seq: 0, texts: ['a'] })), 'ERR_PIPELINE_MODEL');
    assert.equal(server.seen.length, 0);
    const openai = await openKind('openai', 'http://127.0.0.1:1/v1');
    assert.equal(await codeOf(openai.score({ seq: 0, items: PAIRS })), 'ERR_PIPELINE_MODEL');
  });

  it('gives no score for no item, and cancels what is open', async () => {
    const server = await serve(() => undefined);
    const model = await openKind('scorePair', server.url);
    assert.deepEqual(await model.score({ seq: 0, items: [] }), []);
    const code = codeOf(model.score({ seq: 0, items: PAIRS }));
    await model.close();
    assert.equal(await code, 'ERR_CANCELLED');
  });
});
