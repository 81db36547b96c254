import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterAnswered } from '../../src/operators/filterAnswered.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runOperator.js';

const INPUT: Input = {
  columns: { question: 'string', responses: 'list<string>' },
  rows: [
    { question: 'a', responses: ['\\boxed{1}', 'no idea', 'The answer is 2.'] },
    { question: 'b', responses: ['no idea', '\\boxed{3'] },
    { question: 'c', responses: [] },
    { question: 'd', responses: ['\\boxed{4}'] },
  ],
};

test('responses without a final answer are left out, questions without any answered one are dropped', async () => {
  const output = await runOperator(filterAnswered({}, contextOf()), INPUT);
  assert.deepEqual(
    output.rows.map(({ responses }) => responses),
    [['\\boxed{1}', 'The answer is 2.'], ['\\boxed{4}']],
  );
  const events = output.batches.flatMap((batch) => batch.events);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'leftOut'),
    [{ kind: 'leftOut', seq: 0, step: 'filterAnswered', reason: 'unanswered', choices: 1 }],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped unanswered', '2 dropped unanswered']);
  assert.equal(output.lost[0]!.message, '0 of 2 responses are answered');
});

test('what a thought states, and a conclusion without a mark, are not enough', async () => {
  const responses = ['<think>\\boxed{1}</think>So 1 it is.', 'Thus it is 2.', '<think>x</think>\\boxed{3}'];
  const rows = [{ question: 'a', responses }];
  const output = await runOperator(filterAnswered({}, contextOf()), { columns: INPUT.columns, rows });
  assert.deepEqual(output.rows[0]!['responses'], [responses[2]]);
});

test('responsesMin asks for more of them', async () => {
  const output = await runOperator(filterAnswered({ responsesMin: 2 }, contextOf()), INPUT);
  assert.deepEqual(
    output.rows.map(({ question }) => question),
    ['a'],
  );
});
