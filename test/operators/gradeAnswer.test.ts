import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastingResults } from '../../src/flow/stepResults/stepResult.js';
import { gradeAnswer } from '../../src/operators/gradeAnswer.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

const TOO_DEEP = `\\boxed{${'('.repeat(80)}1${')'.repeat(80)}}`;

const INPUT: Input = {
  columns: { answer: 'string', responses: 'list<string>' },
  rows: [
    {
      answer: '\\frac{1}{2}',
      responses: [
        '\\boxed{2}',
        '\\boxed{0.5}',
        'The answer is 4/2.',
        'no idea',
        '\\boxed{1/2}',
        TOO_DEEP,
        '\\boxed{2}',
      ],
    },
    { answer: 'Half of 36 is 18.\n#### 18', responses: ['\\boxed{18\\text{ apples}}'] },
    { answer: 'So \\boxed{x=3}.', responses: ['\\boxed{3}'] },
    { answer: '  ', responses: ['\\boxed{3}'] },
    { answer: '7', responses: [] },
  ],
};

test('every response is graded, and equivalent answers share a class', async () => {
  const { rows, lost } = await runOperator(gradeAnswer({}, contextOf()), INPUT);
  const [first] = rows;
  assert.deepEqual(first!['corrects'], [false, true, false, false, true, null, false]);
  assert.deepEqual(first!['grades'], [
    ...['wrong', 'correct', 'wrong', 'unanswered', 'correct', 'ROW_GRADE_LIMIT', 'wrong'],
  ]);
  assert.deepEqual((first!['answersFound'] as string[]).slice(0, 5), ['2', '0.5', '4/2', '', '1/2']);
  assert.deepEqual(first!['answerClasses'], [0, 1, 0, null, 1, null, 0]);
  assert.deepEqual(
    rows.slice(1).map(({ corrects }) => corrects),
    [[true], [true], []],
  );
  assert.deepEqual(lostTexts({ lost }), ['3 rejected ROW_VALUE_MISSING']);
});

test('a deadline gives no grade: the row is lost, and its step result is not cached', async () => {
  const answers = Array.from({ length: 20 }, (_, at) => `\\sin(x)^2+\\cos(${at}x)^{${at}}`);
  const gold = '\\sin(x)^2+\\cos(x)^{31}';
  const input: Input = {
    columns: { answer: 'string', responses: 'list<string>' },
    rows: [{ answer: gold, responses: answers.map((answer) => `\\boxed{${answer}}`) }],
  };
  const context = contextOf([], { at: 0 });
  const late = await runOperator(gradeAnswer({ timeoutMs: 1 }, context), input);
  assert.deepEqual(lostTexts(late), ['0 rejected ROW_GRADE_TIMEOUT']);
  assert.deepEqual(lastingResults(late.batches[0]!.stepResults!), []);
  const graded = await runOperator(gradeAnswer({ timeoutMs: 60_000 }, context), input);
  assert.equal(graded.batches[0]!.stepResults!.length, 1);
});

test('answers that are named like what every object has are graded as any other, and the rows go on', async () => {
  const input: Input = {
    columns: { answer: 'string', responses: 'list<string>' },
    rows: [
      {
        answer: '5',
        responses: ['\\boxed{\\constructor}', '\\boxed{\\__proto__}', '\\boxed{toString}', '\\boxed{5}'],
      },
      { answer: '\\valueOf', responses: ['\\boxed{5}'] },
      { answer: '6', responses: ['\\boxed{6}'] },
    ],
  };
  const { rows, lost } = await runOperator(gradeAnswer({}, contextOf()), input);
  assert.deepEqual(
    rows.map(({ grades }) => grades),
    [['wrong', 'wrong', 'wrong', 'correct'], ['wrong'], ['correct']],
  );
  assert.deepEqual(lost, []);
});

test('the kept response alone, against a column of another name', async () => {
  const input: Input = {
    columns: { gold: 'string', response: 'string' },
    rows: [
      { gold: '2', response: '\\boxed{\\sqrt{4}}' },
      { gold: '2', response: '\\boxed{-2}' },
      { gold: '2', response: 'hm' },
      { gold: '2', response: TOO_DEEP },
    ],
  };
  const operator = gradeAnswer({ of: 'response', answerColumn: 'gold' }, contextOf());
  const { rows } = await runOperator(operator, input, 2);
  assert.deepEqual(
    rows.map(({ correct, grade, answerFound }) => [correct, grade, (answerFound as string).slice(0, 9)]),
    [
      [true, 'correct', '\\sqrt{4}'],
      [false, 'wrong', '-2'],
      [false, 'unanswered', ''],
      [null, 'ROW_GRADE_LIMIT', '((((((((('],
    ],
  );
});

test('the points of comparison follow from the run’s seed: the same verdicts, twice', async () => {
  const input: Input = {
    columns: { answer: 'string', responses: 'list<string>' },
    rows: [{ answer: '(x+1)^2', responses: ['\\boxed{x^2+2x+1}', '\\boxed{x^2+2x-1}'] }],
  };
  for (const seed of [1, 2]) {
    const { rows } = await runOperator(gradeAnswer({}, contextOf([], { seed })), input);
    assert.deepEqual(rows[0]!['corrects'], [true, false]);
  }
});
