import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS } from '../../../src/grade/compare/budget.js';
import { gradeOne } from '../../../src/grade/compare/gradeOne.js';

const START = { seed: 3, limits: GRADE_LIMITS };
const HARD = `${'('.repeat(70)}1${')'.repeat(70)}`;

test('a right answer needs no comparison with others', () => {
  assert.deepEqual(gradeOne({ gold: '2', answer: '4/2', others: ['2'] }, START), { grade: 'correct' });
});

test('a wrong answer is found among the other wrong ones; one beyond the limits among them is passed over', () => {
  const task = { gold: '2', answer: '0.25', others: ['3', HARD, '1/4', '25\\%'] };
  assert.deepEqual(gradeOne(task, START), { grade: 'wrong', sameAs: 2 });
  assert.deepEqual(gradeOne({ ...task, others: [] }, START), { grade: 'wrong', sameAs: null });
});

test('a bug in the comparison costs the answer, not the run', () => {
  const broken = { seed: 3, limits: null as never };
  const task = { gold: '2', answer: '3', others: ['4'] };
  assert.deepEqual(gradeOne(task, broken), { grade: 'ROW_GRADE_FAILED' });
});

test('beyond the limits there is no verdict', () => {
  assert.deepEqual(gradeOne({ gold: '2', answer: HARD, others: [] }, START), { grade: 'ROW_GRADE_LIMIT' });
});
