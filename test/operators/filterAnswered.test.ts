import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FilterAnsweredOptions, filterAnswered } from '../../src/operators/filterAnswered.js';
import { problemsOf } from '../helpers/runs/pipelineWorld.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

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

const FENCED = '```';

const KEPT: [options: FilterAnsweredOptions, response: string, isKept: boolean][] = [
  [{ by: 'pattern', pattern: '(?m)^Choice: [A-D]$' }, 'So it is B.\nChoice: B', true],
  [{ by: 'pattern', pattern: '(?m)^Choice: [A-D]$' }, 'Choice: E', false],
  [{ by: 'pattern', pattern: 'B' }, '<think>B</think>It is C.', false],
  [{ by: 'codeBlock' }, `Here:\n${FENCED}python\nprint(1)\n${FENCED}\nDone.`, true],
  [{ by: 'codeBlock' }, `Here:\n${FENCED}python\nprint(1)`, false],
  [{ by: 'codeBlock' }, `${FENCED}\n \n${FENCED}`, false],
  [{ by: 'codeBlock', languages: ['SQL'] }, `${FENCED}sql\nselect 1\n${FENCED}`, true],
  [{ by: 'codeBlock', languages: ['sql'] }, `${FENCED}python\nprint(1)\n${FENCED}`, false],
  [{ by: 'codeBlock' }, `<think>${FENCED}\nx\n${FENCED}</think>No code.`, false],
  [{ by: 'json' }, '{"answer": 3}', true],
  [{ by: 'json' }, `Sure!\n${FENCED}json\n[1, 2]\n${FENCED}`, true],
  [{ by: 'json' }, '3', false],
  [{ by: 'json' }, '{"answer": 3', false],
  [{ by: 'json', field: 'result.answer' }, '{"result": {"answer": 0}}', true],
  [{ by: 'json', field: 'result.answer' }, '{"result": {"answer": null}}', false],
  [{ by: 'json', field: 'result.answer' }, '{"result": 3}', false],
  [{ by: 'json', field: 'constructor' }, '{}', false],
];

for (const [options, response, isKept] of KEPT) {
  test(`${JSON.stringify(options)} ${isKept ? 'keeps' : 'leaves out'} ${JSON.stringify(response)}`, async () => {
    const input = { columns: INPUT.columns, rows: [{ question: 'a', responses: [response] }] };
    const { rows } = await runOperator(filterAnswered(options, contextOf()), input);
    assert.equal(rows.length, isKept ? 1 : 0);
  });
}

const MISTAKES: [options: string, key: string, message: RegExp][] = [
  ['{ pattern: x }', 'pattern', /expected `by: pattern` beside it, found mark/],
  ['{ by: pattern }', 'by', /expected `pattern` beside it/],
  ["{ by: pattern, pattern: '(?!x)y' }", 'pattern', /RE2/],
  ['{ by: json, languages: [x] }', 'languages', /by: codeBlock/],
];

for (const [options, key, message] of MISTAKES) {
  test(`the check refuses ${options}`, async () => {
    const columns = 'columns: { responses: list<string> }';
    const source = `source: { jsonl: { path: x.jsonl, ${columns} } }`;
    const text = ['name: f', source, 'steps:', `  - filterAnswered: ${options}`, ''].join('\n');
    const problems = await problemsOf(text);
    assert.deepEqual(
      problems.map(({ at }) => at!.key),
      [`steps.0.filterAnswered.${key}`],
    );
    assert.match(problems[0]!.message, message);
  });
}
