import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompleteRequest } from '../../src/backends/model.js';
import { judgePair } from '../../src/operators/judgePair.js';
import { deriveSeed } from '../../src/random.js';
import { problemsOf } from '../helpers/runs/pipelineWorld.js';
import { type PlainRow, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

const COLUMNS = { question: 'string', a: 'string', b: 'string' } as const;

type Habit = 'fair' | 'first' | 'tie';

/** A judge that finds a text better by what it says of itself, or goes by the place of the texts. */
function verdictOf(request: CompleteRequest, habit: Habit = 'fair'): string {
  const [a, b] = ['A', 'B'].map(
    (name) => new RegExp(`<candidate-${name}-\\w+>\n([^]*?)\n</candidate`).exec(messageText(request))![1]!,
  );
  const better = habit === 'tie' ? 'tie' : habit === 'first' || a! > b! ? 'A' : 'B';
  return JSON.stringify({ reason: `${a} or ${b}`, better });
}

function judgeOf(habit: Habit) {
  return scriptedModel({ complete: (request) => [verdictOf(request, habit)] });
}

function run(model: ReturnType<typeof judgeOf>, rows: readonly PlainRow[]) {
  const operator = judgePair({ model: 'tiny', columns: ['a', 'b'] }, contextOf([model]));
  return runOperator(operator, { columns: COLUMNS, rows });
}

test('both orders are asked, each with a seed of its own, and the better text is chosen wherever it stands', async () => {
  const model = judgeOf('fair');
  const output = await run(model, [
    { question: 'q', a: 'good', b: 'bad' },
    { question: 'q', a: 'bad', b: 'good' },
  ]);
  assert.deepEqual(
    output.rows.map(({ chosen, rejected, chosenFrom, preferenceReason }) => [
      chosen,
      rejected,
      chosenFrom,
      preferenceReason,
    ]),
    [
      ['good', 'bad', 'a', 'good or bad'],
      ['good', 'bad', 'b', 'good or bad'],
    ],
  );
  assert.deepEqual(
    model.completes.filter(({ seq }) => seq === 0).map(({ seed }) => seed),
    [0, 1].map((order) => deriveSeed(7, 'judgePair', 0, order)),
  );
  assert.match(messageText(model.completes[0]!), /<question-\w+>\nq\n<\/question/);
});

test('a judge that goes by the place chooses nothing; a tie, two equal texts and an unclear reply end the row', async () => {
  const rows = [{ question: 'q', a: 'good', b: 'bad' }];
  assert.deepEqual(lostTexts(await run(judgeOf('first'), rows)), ['0 dropped orderDecides']);
  assert.deepEqual(lostTexts(await run(judgeOf('tie'), rows)), ['0 dropped tie']);
  const same = judgeOf('fair');
  assert.deepEqual(lostTexts(await run(same, [{ question: 'q', a: 'good', b: 'good' }])), [
    '0 dropped noPair',
  ]);
  assert.equal(same.completes.length, 0);
  const unclear = scriptedModel({ complete: () => ['I like A'] });
  assert.deepEqual(lostTexts(await run(unclear, rows)), ['0 rejected ROW_UNCLEAR']);
});

test('the model is told the form of a verdict; one that does not fit is repaired in its own order', async () => {
  const model = scriptedModel({
    complete: (request) =>
      request.message.kind === 'user' && !request.message.text.includes('It cannot be used')
        ? ['{"better": "both"}']
        : [verdictOf(request)],
  });
  const operator = judgePair({ model: 'tiny', columns: ['a', 'b'], repairsMax: 1 }, contextOf([model]));
  const output = await runOperator(operator, {
    columns: COLUMNS,
    rows: [{ question: 'q', a: 'good', b: 'bad' }],
  });
  assert.equal(output.rows[0]!['chosen'], 'good');
  assert.deepEqual(model.completes[0]!.jsonSchema?.['required'], ['reason', 'better']);
  assert.deepEqual(
    output.batches.flatMap(({ events }) => events).filter(({ kind }) => kind === 'leftOut'),
    [{ kind: 'leftOut', seq: 0, step: 'judgePair', reason: 'ROW_UNCLEAR', choices: 2 }],
  );
});

test('two different texts of a list are drawn by the seed', async () => {
  const model = judgeOf('fair');
  const rows = Array.from({ length: 60 }, () => ({ question: 'q', texts: ['c', 'a', 'c', 'b'] }));
  const operator = judgePair({ model: 'tiny', responses: 'texts' }, contextOf([model]));
  const columns = { question: 'string', texts: 'list<string>' } as const;
  const output = await runOperator(operator, {
    columns,
    rows: [...rows, { question: 'q', texts: ['a', 'a'] }],
  });
  const pairs = new Set(
    output.rows.map(({ chosen, rejected, chosenFrom }) => `${chosen} ${rejected} ${chosenFrom}`),
  );
  assert.deepEqual([...pairs].sort(), ['b a 3', 'c a 0', 'c b 0']);
  assert.deepEqual(lostTexts(output), ['60 dropped noPair']);
});

test('a prompt of one’s own has both texts', async () => {
  const model = scriptedModel({ complete: () => ['{"better": "tie"}'] });
  const prompt = '{{ question }}: {{ first }} or {{ second }}?\n{{ rubric }}';
  const operator = judgePair({ model: 'tiny', columns: ['a', 'b'], prompt }, contextOf([model]));
  await runOperator(operator, { columns: COLUMNS, rows: [{ question: 'q', a: 'x', b: 'y' }] });
  assert.deepEqual(
    model.completes.map((request) => messageText(request).split('\n')[0]),
    ['q: x or y?', 'q: y or x?'],
  );
});

const MISTAKES: [options: string, message: RegExp][] = [
  ['{ model: m }', /none of `columns` and `responses`/],
  ['{ model: m, columns: [a, b], responses: c }', /both of/],
  ['{ model: m, columns: [a, a] }', /two different columns/],
  ['{ model: m, columns: [a] }', /2/],
];

for (const [options, message] of MISTAKES) {
  test(`the check refuses ${options}`, async () => {
    const text = [
      'name: j',
      'models: { m: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m, protocol: chat } } }',
      'source: { jsonl: { path: x.jsonl, columns: { question: string, a: string, b: string } } }',
      `steps: [{ judgePair: ${options} }]`,
      '',
    ].join('\n');
    const problems = await problemsOf(text);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.message, message);
  });
}
