import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../src/errors.js';
import { disagreement, expectedDigit, scoreDifficulty } from '../../src/operators/scoreDifficulty.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

function digits(shares: Record<number, number>): number[] {
  return Array.from({ length: 10 }, (_, digit) => shares[digit] ?? 0);
}

const EXPECTED: [shares: Record<number, number>, difficulty: number][] = [
  [{ 0: 1 }, 0],
  [{ 9: 0.4 }, 1],
  [{ 0: 0.3, 9: 0.3 }, 0.5],
  [{ 3: 0.25, 6: 0.75 }, (0.25 * 3 + 0.75 * 6) / 9],
];

for (const [shares, difficulty] of EXPECTED) {
  test(`the expectation of the digits ${JSON.stringify(shares)} is ${difficulty}`, () => {
    assert.ok(Math.abs(expectedDigit(digits(shares)) - difficulty) < 1e-12);
  });
}

test('no likely digit: the score is invalid', () => {
  assert.throws(
    () => expectedDigit(digits({})),
    (error) => error instanceof RowError && error.code === 'ROW_SCORE_INVALID',
  );
});

const DISAGREEMENTS: [answers: (string | null)[], n: number, difficulty: number][] = [
  [['4', '4', '4', '4'], 4, 0],
  [['4', '4', '4', '5'], 4, 0.25],
  [['4', null, null, '4'], 4, 0.5],
  [['1', '2', '3', '4'], 4, 0.75],
  [[null, null], 2, 1],
  [['7', '7'], 4, 0.5],
];

for (const [answers, n, difficulty] of DISAGREEMENTS) {
  test(`${n} solutions that answer ${answers.join(', ')} disagree by ${difficulty}`, () => {
    assert.equal(disagreement(answers, n), difficulty);
  });
}

test('digit: one request for ten options, no completion', async () => {
  const model = scriptedModel({ choose: ({ seq }) => digits(seq === 0 ? { 9: 0.5 } : {}) });
  const operator = scoreDifficulty({ model: 'tiny' }, contextOf([model]));
  const output = await runOperator(operator, questionsInput(['hard', 'odd']));
  assert.deepEqual(output.rows, [{ seq: 0, question: 'hard', difficulty: 1 }]);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_SCORE_INVALID']);
  assert.deepEqual(model.chooses[0]!.options.join(''), '0123456789');
  assert.match(messageText(model.chooses[0]!), /one digit[^]*hard$/);
});

test('disagreement: n solutions with the solver’s prompt, what is cut off counts as wrong', async () => {
  const model = scriptedModel({
    complete: () => ['\\boxed{1}', '\\boxed{1}', '\\boxed{2}', { text: 'cut', finish: 'length' }],
  });
  const operator = scoreDifficulty({ model: 'tiny', method: 'disagreement', n: 4 }, contextOf([model]));
  const { rows } = await runOperator(operator, questionsInput(['Q?']));
  assert.deepEqual(rows, [{ seq: 0, question: 'Q?', difficulty: 0.5 }]);
  assert.equal(model.completes[0]!.n, 4);
  assert.match(messageText(model.completes[0]!), /^Q\?\nPlease reason step by step/);
});

test('score: the question alone, and the model’s own number', async () => {
  const model = scriptedModel({ score: ({ seq }) => [seq + 0.25] });
  const operator = scoreDifficulty({ model: 'tiny', method: 'score' }, contextOf([model]));
  const { rows } = await runOperator(operator, questionsInput(['Q?', 'R?']));
  assert.deepEqual(
    rows.map(({ difficulty }) => difficulty),
    [0.25, 1.25],
  );
  assert.deepEqual(model.scores[1], { seq: 1, items: [{ user: 'R?', assistant: null }] });
});

test('generators: only their questions are scored', async () => {
  const model = scriptedModel({ choose: () => digits({ 9: 1 }) });
  const operator = scoreDifficulty({ model: 'tiny', generators: ['one'] }, contextOf([model]));
  const { rows } = await runOperator(operator, {
    columns: { question: 'string', generator: 'string' },
    rows: [
      { question: 'a', generator: 'one' },
      { question: 'b', generator: 'other' },
    ],
  });
  assert.deepEqual(
    rows.map(({ difficulty }) => difficulty),
    [1, null],
  );
});
