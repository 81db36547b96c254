import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateFailures } from '../../src/operators/rateFailures.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

const INPUT: Input = {
  columns: { corrects: 'list<bool>' },
  rows: [
    { corrects: [true, true, false, true] },
    { corrects: [false, null] },
    { corrects: [null, null] },
    { corrects: [] },
  ],
};

test('wrong over graded; what could not be graded does not count', async () => {
  const output = await runOperator(rateFailures({}, contextOf()), INPUT);
  assert.deepEqual(
    output.rows.map(({ failRate }) => failRate),
    [0.25, 1],
  );
  assert.deepEqual(lostTexts(output), ['2 dropped fewGraded', '3 dropped fewGraded']);
});

test('gradedMin: rates of few responses are dropped', async () => {
  const output = await runOperator(rateFailures({ gradedMin: 2 }, contextOf()), INPUT);
  assert.equal(output.rows.length, 1);
});
