import assert from 'node:assert/strict';
import { test } from 'node:test';
import { respond } from '../../src/operators/respond.js';
import { deriveSeed } from '../../src/random.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

test('n responses from one request, trimmed, in the order of the server', async () => {
  const model = scriptedModel({ complete: ({ n }) => Array.from({ length: n }, (_, at) => ` reply ${at} `) });
  const operator = respond({ model: 'tiny', n: 3 }, contextOf([model]));
  const { rows } = await runOperator(operator, questionsInput(['Q?']));
  assert.deepEqual(rows, [{ seq: 0, question: 'Q?', responses: ['reply 0', 'reply 1', 'reply 2'] }]);
  const { message: _message, ...request } = model.completes[0]!;
  const seed = deriveSeed(7, 'respond', 0);
  assert.deepEqual(request, { seq: 0, n: 3, temperature: 0.7, topP: 0.95, tokensMax: 2048, seed });
  assert.equal(model.completes.length, 1);
});

test('five responses where n is not given; the prompt asks for a boxed answer', async () => {
  const model = scriptedModel({ complete: () => ['x'] });
  await runOperator(respond({ model: 'tiny' }, contextOf([model])), questionsInput(['Q?']));
  assert.equal(model.completes[0]!.n, 5);
  assert.match(messageText(model.completes[0]!), /^Q\?\n[^]*\\boxed\{\}\.$/);
});

test('empty and cut responses are left out; a question without any is rejected', async () => {
  const cut = { text: 'cut', finish: 'length' as const };
  const replies = [[cut, 'whole', ''], [cut, ''], ['']];
  const model = scriptedModel({ complete: ({ seq }) => replies[seq]! });
  const operator = respond({ model: 'tiny' }, contextOf([model]));
  const output = await runOperator(operator, questionsInput(['a', 'b', 'c']));
  assert.deepEqual(
    output.rows.map(({ responses }) => responses),
    [['whole']],
  );
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_LENGTH', '2 rejected ROW_EMPTY']);
});

test('a prompt of one’s own', async () => {
  const model = scriptedModel({ complete: () => ['x'] });
  const prompt = (name: string, path?: string): string => `${name} ${path}: {{ question }}`;
  const operator = respond({ model: 'tiny', prompt: 'mine.txt' }, contextOf([model], { prompt }));
  await runOperator(operator, questionsInput(['Q?']));
  assert.equal(messageText(model.completes[0]!), 'respond mine.txt: Q?');
});

test('a thought is kept in one form, or left out, whichever way the server gives it', async () => {
  const model = scriptedModel({
    complete: () => [
      { text: '4', reasoning: '2 + 2' },
      '<think>\n2 + 2\n</think>\n\n4',
      '2 + 2</think>4',
      '4',
      { text: '', reasoning: '2 + ', finish: 'length' },
    ],
  });
  const responsesOf = async (options: object) => {
    const operator = respond({ model: 'tiny', ...options }, contextOf([model]));
    return (await runOperator(operator, questionsInput(['Q?']))).rows[0]!['responses'] as string[];
  };
  const inline = '<think>\n2 + 2\n</think>\n\n4';
  assert.deepEqual(await responsesOf({ reasoning: 'inline' }), [inline, inline, inline, '4']);
  assert.deepEqual(await responsesOf({ reasoning: 'leaveOut' }), ['4', '4', '4', '4']);
  assert.deepEqual((await responsesOf({})).slice(0, 3), ['4', inline, '2 + 2</think>4']);
  const all = await responsesOf({ reasoning: 'inline', keepUnfinished: true });
  assert.deepEqual(all.at(-1), '<think>\n2 +\n</think>\n\n');
});

test('a bound of the thought is asked for', async () => {
  const scripted = scriptedModel({ complete: () => ['x'] });
  const model = { ...scripted, can: { ...scripted.can, boundThought: true } };
  const operator = respond({ model: 'tiny', thinkingTokensMax: 99 }, contextOf([model]));
  await runOperator(operator, questionsInput(['Q?']));
  assert.equal(scripted.completes[0]!.thinkingTokensMax, 99);
});
