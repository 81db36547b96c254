import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testModel } from '../../../src/run/operators/testModel.js';

const ASK = { seq: 1, n: 2, tokensMax: 8, temperature: 0, topP: 1, seed: 5 };

test('replies are functions of what is asked', async () => {
  const model = testModel('judge', {
    complete: (text, { seed }) => `${text} ${seed}`,
    choose: (text, replies) => replies.map((reply) => (text.includes(reply) ? 1 : 0)),
    score: (items) => items.map(({ user }) => user.length),
    embed: (texts) => texts.map(({ length }) => [length, 0]),
  });
  const message = { kind: 'user', text: 'is Yes' } as const;
  const choices = await model.complete({ ...ASK, message });
  assert.deepEqual(
    choices.map(({ text, finish }) => [text, finish]),
    [
      ['is Yes 5', 'stop'],
      ['is Yes 5', 'stop'],
    ],
  );
  const [bare] = await model.complete({ ...ASK, n: 1, message: { kind: 'preQuery' } });
  assert.equal(bare!.text, ' 5');
  const turns = [{ role: 'user', content: 'last' }];
  const [chat] = await model.complete({ ...ASK, n: 1, message: { kind: 'chat', turns, next: 'assistant' } });
  assert.equal(chat!.text, 'last 5');
  assert.deepEqual(await model.choose({ seq: 0, message, options: ['Yes', 'No'] }), [1, 0]);
  assert.deepEqual(await model.score({ seq: 0, items: [{ user: 'abc', assistant: null }] }), [3]);
  assert.deepEqual(await model.embed({ seq: 0, texts: ['ab'] }), [[2, 0]]);
  assert.equal(model.stats().requests, 0);
  await model.close();
});

test('a reply that the test does not have ends it with what to give', async () => {
  const model = testModel('judge', {});
  await assert.rejects(model.embed({ seq: 0, texts: [] }), {
    code: 'ERR_OPERATOR_CONTRACT',
    message: /asks the model judge to embed, .* give `models\.judge\.embed`/,
  });
  const program = { seq: 0, language: 'python', program: '', tests: { kind: 'inputs', inputs: [] } } as const;
  await assert.rejects(model.execute({ ...program, cpuSeconds: 1, memoryMiB: 1 }), {
    code: 'ERR_OPERATOR_CONTRACT',
  });
});
