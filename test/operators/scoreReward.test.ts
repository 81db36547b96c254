import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keepBest } from '../../src/operators/keepBest.js';
import { aggregated, scoreReward, scoreRewardSpec, stepsOf } from '../../src/operators/scoreReward.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
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

/** A process reward model that computes from the text: a step that says “wrong” is unlikely, and so is what follows it. */
const process = scriptedModel({
  score: ({ items, areSteps }) => {
    assert.ok(areSteps);
    const isWrong = items.map(({ assistant }) => assistant!.includes('wrong'));
    return items.map((_, at) => (isWrong.slice(0, at + 1).includes(true) ? 0.25 : 0.5 + at / 8));
  },
});

test('steps: one call a response, its steps in order behind its thought, and one number of them', async () => {
  const input: Input = {
    columns: { question: 'string', responses: 'list<string>' },
    rows: [
      {
        question: 'q?',
        responses: ['<think>\nwrong\n\nhm\n</think>\n\n a\nb \n \nc\r\n\r\nd', 'a\n\nwrong\n\nc', 'a', ' '],
      },
    ],
  };
  const rewardsOf = async (aggregate: 'min' | 'product' | 'last' | 'mean') => {
    const operator = scoreReward({ model: 'tiny', method: 'steps', aggregate }, contextOf([process]));
    const [row] = (await runOperator(operator, input)).rows;
    assert.deepEqual(row!['stepRewards'], [[0.5, 0.625, 0.75], [0.5, 0.25, 0.25], [0.5], []]);
    return row!['rewards'];
  };
  assert.deepEqual(await rewardsOf('min'), [0.5, 0.25, 0.5, 0]);
  assert.deepEqual(await rewardsOf('product'), [0.5 * 0.625 * 0.75, 0.5 * 0.25 * 0.25, 0.5, 0]);
  assert.deepEqual(await rewardsOf('last'), [0.75, 0.25, 0.5, 0]);
  assert.deepEqual(await rewardsOf('mean'), [0.625, 1 / 3, 0.5, 0]);
  const asked = process.scores
    .slice(0, 3)
    .find(({ items }) => items.length === 3 && items[0]!.assistant !== 'a');
  assert.deepEqual(
    asked!.items.map(({ user, assistant }) => [user, assistant]),
    [
      ['q?', 'a\nb'],
      ['q?', 'c'],
      ['q?', 'd'],
    ],
  );
});

test('the best of n by its steps', async () => {
  const input: Input = {
    columns: { question: 'string', responses: 'list<string>' },
    rows: [{ question: 'q?', responses: ['wrong', 'a\n\nwrong', 'right'] }],
  };
  const scored = await runOperator(
    scoreReward({ model: 'tiny', method: 'steps' }, contextOf([process])),
    input,
  );
  const columns = { responses: 'list<string>', rewards: 'list<float64>' } as const;
  const best = await runOperator(keepBest({}, contextOf([])), { columns, rows: scored.rows } as Input);
  assert.deepEqual([best.rows[0]!['response'], best.rows[0]!['reward']], ['right', 0.5]);
});

test('steps and their number, of any texts', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', '\t', 'é') });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const text = lines.join('\n');
      const paragraphs = stepsOf(text, 'blankLine');
      const singles = stepsOf(text, 'line');
      const words = (texts: readonly string[]) => texts.join(' ').split(/\s+/).filter(Boolean);
      // No word is lost or moved, no step is empty, none has a blank line.
      for (const steps of [paragraphs, singles]) {
        assert.deepEqual(words(steps), words([text]));
        assert.ok(steps.every((step) => step !== '' && step.trim() === step && !/\n\s*\n/.test(step)));
      }
      assert.ok(singles.every((step) => !step.includes('\n')));
      assert.equal(singles.length, lines.filter((one) => one.trim() !== '').length);
      assert.ok(paragraphs.length <= singles.length);
    }),
  );
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(score, { minLength: 1 }), (scores) => {
      const [min, product, mean] = [
        aggregated(scores, 'min'),
        aggregated(scores, 'product'),
        aggregated(scores, 'mean'),
      ];
      assert.ok(product <= min && min <= mean + 1e-12 && mean <= Math.max(...scores) + 1e-12);
      assert.ok(min <= aggregated(scores, 'last'));
      assert.equal(min, Math.min(...scores));
    }),
  );
});
