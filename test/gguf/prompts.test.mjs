// What a foreign GGUF file says of prompts and of ends, and the recipe of the docs for base models.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { choicesOf, completion } from '../../dist/bench/backends/engineProcess.js';
import { openModel } from '../../dist/src/backends/openModel.js';
import { gemma, gemmaWithTemplate, nextId, root, startEngine } from './gemma.mjs';

const plain = (text) => ({ text, special: false });
const marker = (text) => ({ text, special: true });
const greedy = { n: 1, tokensMax: 24, temperature: 0, topP: 1, seed: 1 };

async function open(t, path, template) {
  const llamaCpp = { path, processes: 1, sequences: 8, contextTokens: 512 };
  const model = await openModel(
    'base',
    { llamaCpp, ...(template && { template }) },
    { env: {}, folder: root },
  );
  t.after(() => model.close());
  return model;
}

/** The pipeline file that docs/models.md shows for base models. */
function recipe() {
  const docs = readFileSync(join(root, 'docs', 'models.md'), 'utf8');
  const block = /^### Base models$[^]*?^```yaml$([^]*?)^```$/m.exec(docs);
  assert.ok(block, 'docs/models.md shows a recipe for base models');
  return parse(block[1]);
}

describe('a GGUF file of others', { timeout: 900_000 }, () => {
  it('says that it holds no template, and the message says what to write', async () => {
    const opening = openModel('base', { llamaCpp: { path: gemma, processes: 1 } }, { env: {}, folder: root });
    await assert.rejects(opening, { code: 'ERR_MODEL_LOAD', message: /holds no chat template.*`template`/ });
  });

  it('has its begin-of-sequence token before each prompt, and once', async (t) => {
    const engine = await startEngine(t);
    assert.deepEqual(engine.tokenizer, { chatTemplate: null, bos: '<bos>', eos: '<eos>' });
    const ask = (prompt) => engine.ask({ ...completion(nextId(), ''), prompt, tokensMax: 12 });
    const [without, written] = [
      await ask([plain('Monday, Tuesday,')]),
      await ask([marker('<bos>'), plain('Monday, Tuesday,')]),
    ];
    // Monday , Tuesday , and the one that nobody wrote.
    assert.equal(without.promptTokens, 5);
    assert.deepEqual({ ...written, id: 0 }, { ...without, id: 0 });
    assert.match(choicesOf(without)[0].text, /^ Wednesday, Thursday/);
  });

  it('ends completions at the end token that it names, though no template does', async (t) => {
    const job = { ...completion(nextId(), 'Monday, Tuesday,'), stop: [], tokensMax: 8 };
    const [without, named] = await Promise.all(
      [gemma, gemmaWithTemplate].map(async (path) =>
        choicesOf(await (await startEngine(t, { path })).ask(job)),
      ),
    );
    assert.match(without[0].text, /^ Wednesday, Thursday, Friday, Saturday/);
    assert.deepEqual(named, [{ text: ' Wednesday, Thursday,', finish: 'stop', tokens: 4 }]);
  });

  it('makes prompts by the template that it holds', async (t) => {
    const model = await open(t, gemmaWithTemplate);
    const engine = await startEngine(t, { path: gemmaWithTemplate });
    const message = { kind: 'user', text: 'Name the days of the week.' };
    const [byTemplate] = await model.complete({ seq: 0, message, ...greedy });
    const byHand = await engine.ask({
      ...completion(nextId(), ''),
      ...{ stop: ['<end_of_turn>'], tokensMax: greedy.tokensMax },
      prompt: [
        ...[marker('<bos><start_of_turn>'), plain(`user\n${message.text}`), marker('<end_of_turn>')],
        ...[plain('\n'), marker('<start_of_turn>'), plain('model\n')],
      ],
    });
    assert.equal(model.stats().promptTokens, byHand.promptTokens);
    assert.deepEqual(byTemplate, choicesOf(byHand)[0]);
  });

  it('writes questions and answers by the recipe of the docs', async (t) => {
    const { models, steps } = recipe();
    const model = await open(t, gemma, models.base.template);
    const [{ generate }, , { respond }] = steps;
    const { temperature, topP, tokensMax } = generate;
    const ask = (seed) =>
      model.complete({
        seq: seed,
        message: { kind: 'preQuery' },
        n: 1,
        ...{ temperature, topP, tokensMax, seed },
      });
    const questions = (await Promise.all(Array.from({ length: 8 }, (_, seed) => ask(seed)))).flat();
    t.diagnostic(JSON.stringify(questions.map(({ text }) => text)));
    const asked = questions.filter(
      ({ text, finish }) => finish === 'stop' && /^ ?[A-Z][^\n]{20,}\?$/.test(text.trim()),
    );
    assert.ok(asked.length >= 6, `${asked.length} of ${questions.length} are questions`);
    assert.ok(new Set(questions.map(({ text }) => text)).size >= 7, 'each seed writes its own');

    const text = 'Tom has 9 pens. He buys 4 more. How many pens does he have?';
    const answers = await model.complete({
      ...{ seq: 9, message: { kind: 'user', text }, seed: 9, n: respond.n },
      ...{ temperature: respond.temperature, topP: respond.topP, tokensMax: respond.tokensMax },
    });
    t.diagnostic(JSON.stringify(answers.map(({ text }) => text)));
    assert.equal(answers.length, respond.n);
    // The line ends them, also where the model writes it as one token with the next.
    for (const { text: answer } of answers) assert.match(answer, /^[^\n]+The answer is \d+\.?$/);
  });
});
