import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreReward, scoreRewardSpec } from '../../src/operators/scoreReward.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runOperator.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

const INPUT: Input = {
  columns: { question: 'string', responses: 'list<string>' },
  rows: [
    { question: 'first?', responses: ['right', 'wrong', 'unsure'] },
    { question: 'second?', responses: ['right', 'neither'] },
    { question: 'third?', responses: [] },
  ],
};

const CHANCES: Record<string, [number, number]> = {
  right: [0.9, 0],
  wrong: [0, 0.4],
  unsure: [0.1, 0.1],
  neither: [0, 0],
};

test('one reward a response, in their order; one that cannot be scored rejects the row', async () => {
  const model = scriptedModel({
    choose: (request) => CHANCES[Object.keys(CHANCES).find((key) => messageText(request).includes(key))!]!,
  });
  const output = await runOperator(scoreReward({ model: 'tiny' }, contextOf([model])), INPUT);
  assert.deepEqual(
    output.rows.map(({ rewards }) => rewards),
    [[1, 0, 0.5], []],
  );
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_SCORE_INVALID']);
  assert.equal(model.chooses.length, 5);
  assert.match(messageText(model.chooses[0]!), /first\?[^]*right[^]*Yes or No\.$/);
});

test('score: all responses of a row in one call, as pairs, and the model’s own numbers', async () => {
  const model = scriptedModel({
    score: ({ items }) => items.map(({ assistant }) => assistant!.length - 5.5),
  });
  const output = await runOperator(
    scoreReward({ model: 'tiny', method: 'score' }, contextOf([model])),
    INPUT,
  );
  assert.deepEqual(
    output.rows.map(({ rewards }) => rewards),
    [[-0.5, -0.5, 0.5], [-0.5, 1.5], []],
  );
  assert.deepEqual(model.scores[1], {
    seq: 1,
    items: [
      { user: 'second?', assistant: 'right' },
      { user: 'second?', assistant: 'neither' },
    ],
  });
  assert.equal(model.chooses.length, 0);
});

test('what a step asks of its model follows from its method', () => {
  const needs = (method: 'yesNo' | 'score') =>
    scoreRewardSpec.models(scoreRewardSpec.options.parse({ model: 'm', method }))[0]!.needs;
  assert.deepEqual([needs('yesNo'), needs('score')], ['choose', 'score']);
});

test('a prompt must show the question and the response', () => {
  const context = contextOf([], { prompt: () => '{{ question }}' });
  assert.throws(() => scoreReward({ model: 'tiny' }, context), /does not use \{\{ response \}\}/);
});

test('what is scored is what stands behind a thought', async () => {
  const responses = ['<think>wrong</think>right', 'plain', '<think>wrong'];
  const input: Input = { columns: INPUT.columns, rows: [{ question: 'first?', responses }] };
  const scorer = scriptedModel({ score: ({ items }) => items.map(() => 1) });
  await runOperator(scoreReward({ model: 'tiny', method: 'score' }, contextOf([scorer])), input);
  assert.deepEqual(
    scorer.scores[0]!.items.map(({ assistant }) => assistant),
    ['right', 'plain', ''],
  );
  const verifier = scriptedModel({ choose: () => [0.5, 0.5] });
  await runOperator(scoreReward({ model: 'tiny' }, contextOf([verifier])), input);
  assert.ok(verifier.chooses.every((request) => !messageText(request).includes('wrong')));
});
