import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../../src/io/files/packageFiles.js';
import { loadCustomOperator } from '../../../../src/operators/custom.js';
import { defineOperator } from '../../../../src/operators/lib/defineOperator.js';
import { rowSeed } from '../../../../src/operators/lib/operator.js';
import { committedValues } from '../../../helpers/runs/committedValues.js';
import {
  type Output,
  contextOf,
  lostTexts,
  questionsInput,
  runOperator,
} from '../../../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../../../helpers/scriptedModel.js';

const QUESTIONS = ['How many apples?', 'Why not?', 'How far is it?', 'How many pears?', 'Why?', 'How so?'];

function contentOf({ rows, lost, deltas }: Output) {
  return { rows, lost, deltas };
}

const answers = defineOperator({
  reads: { question: 'string' },
  writes: [
    { name: 'replies', type: 'list<string>', help: 'Replies.' },
    { name: 'about', type: 'struct<length: int32, even: bool>', help: 'A struct.' },
    { name: 'dialogue', type: 'messages', help: 'A chat.' },
  ],
  models: { teller: 'complete' },
  async row({ question }, { ask }) {
    const first = await ask('teller', question, { n: 2, temperature: 0.4, tokensMax: 50 });
    const second = await ask('teller', `${question} ${first[0]}`);
    return {
      replies: [...first, ...second],
      about: { length: question.length, even: question.length % 2 === 0 },
      dialogue: [
        { role: 'user', content: question },
        { role: 'assistant', content: second[0]! },
      ],
    };
  },
});

function teller() {
  return scriptedModel(
    {
      complete: (request) => {
        return Array.from(
          { length: request.n },
          (_, at) => ` ${messageText(request).length} ${request.seed} ${at} `,
        );
      },
    },
    'teller',
  );
}

test('a row may ask models: seeds by row and call, structs and messages written, whatever the batches are', async () => {
  const model = teller();
  const context = contextOf([model]);
  const whole = await runOperator(answers({}, context), questionsInput(QUESTIONS));
  assert.equal(whole.rows.length, QUESTIONS.length);
  const [first, second] = model.completes.filter(({ seq }) => seq === 2);
  assert.deepEqual([first!.n, first!.temperature, first!.topP, first!.tokensMax], [2, 0.4, 0.95, 50]);
  const row = { seq: 2, seqIndex: 0 };
  assert.deepEqual(
    [first!.seed, second!.seed],
    [0, 1].map((call) => rowSeed(context, 'custom', row, call)),
  );
  assert.deepEqual(whole.rows[2]!['about'], { length: 14, even: true });
  const [user, assistant] = whole.rows[2]!['dialogue'] as { role: string; content: string }[];
  assert.deepEqual(
    [user, assistant!.content],
    [{ role: 'user', content: QUESTIONS[2] }, (whole.rows[2]!['replies'] as string[])[2]],
  );
  for (const batchRows of [1, 2, 5]) {
    const cut = await runOperator(answers({}, contextOf([teller()])), questionsInput(QUESTIONS), batchRows);
    assert.deepEqual(contentOf(cut), contentOf(whole));
  }
});

const ranks = defineOperator({
  reads: { question: 'string' },
  writes: [{ name: 'length', type: 'float64', help: 'By the model.' }],
  drops: { short: 'fewer than 5 characters' },
  models: { measure: 'embed' },
  async batch(rows, { table, row }) {
    if (rows.some(({ question }) => question === '!')) throw new Error('cannot be measured');
    assert.equal(table.numRows, rows.length);
    assert.deepEqual(
      [...rows.keys()].map((at) => table.getChild('question')!.get(at) as unknown),
      rows.map(({ question }) => question),
    );
    const texts = rows.map(({ question }) => question);
    const vectors = await row(0).embed('measure', texts);
    return vectors.map(([length], at) => (length! < 5 ? row(at).drop('short') : { length: length! }));
  },
});

function measure() {
  return scriptedModel({ embed: ({ texts }) => texts.map(({ length }) => [length]) }, 'measure');
}

test('a batch is decided together; where that fails, the rows at fault alone are lost, whatever the batches are', async () => {
  const questions = [...QUESTIONS, '!', 'Hm', 'How long?'];
  const whole = await runOperator(ranks({}, contextOf([measure()])), questionsInput(questions), 9);
  assert.deepEqual(lostTexts(whole), ['4 dropped short', '6 rejected ROW_OPERATOR', '7 dropped short']);
  for (const batchRows of [1, 2, 4]) {
    const cut = await runOperator(ranks({}, contextOf([measure()])), questionsInput(questions), batchRows);
    assert.deepEqual(contentOf(cut), contentOf(whole));
  }
});

test('a batch that does not get one decision a row rejects its rows, and says so', async () => {
  const few = defineOperator({ reads: { question: 'string' }, batch: () => [] });
  const { lost } = await runOperator(few({}, contextOf()), questionsInput(['a', 'b']));
  assert.deepEqual(
    lost.map(({ message }) => message),
    Array(2).fill('`batch` gave 0 decisions for 1 rows, expected one decision a row, in their order'),
  );
});

const limited = defineOperator({
  reads: { question: 'string' },
  writes: [
    { name: 'kind', type: 'string', help: 'Of the model.' },
    { name: 'number', type: 'int32', help: 'How many of its kind came before.' },
  ],
  drops: { enough: 'two of its kind were there' },
  models: { teller: 'complete' },
  memory: {
    init: () => new Map<string, number>(),
    apply: (counts, { kind }: { kind: string }) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
  },
  prepare: async ({ question }, { ask }) => {
    if (question === 'Why?') throw new Error('no reason');
    return (await ask('teller', question))[0]!.split(' ')[0]!;
  },
  row(_row, { memory, prepared: kind, remember, drop }) {
    const number = memory.get(kind) ?? 0;
    if (number === 2) return drop('enough');
    remember({ kind });
    return { kind, number };
  },
});

function kinds() {
  return scriptedModel({ complete: (request) => [`${messageText(request).slice(0, 3)} it is`] }, 'teller');
}

test('a memory: rows prepared together, decided in order, whatever the batches are', async () => {
  const whole = await runOperator(limited({}, contextOf([kinds()])), questionsInput(QUESTIONS), 6);
  assert.deepEqual(
    whole.rows.map(({ seq, kind, number }) => [seq, kind, number]),
    [
      [0, 'How', 0],
      [1, 'Why', 0],
      [2, 'How', 1],
    ],
  );
  assert.deepEqual(lostTexts(whole), ['3 dropped enough', '4 rejected ROW_OPERATOR', '5 dropped enough']);
  for (const batchRows of [1, 2, 4]) {
    const cut = await runOperator(limited({}, contextOf([kinds()])), questionsInput(QUESTIONS), batchRows);
    assert.deepEqual(contentOf(cut), contentOf(whole));
  }
});

test('what is remembered comes back when a run goes on', async () => {
  const whole = await runOperator(limited({}, contextOf([kinds()])), questionsInput(QUESTIONS), 2);
  for (const from of [1, 2, 3]) {
    const before = whole.deltas.filter(({ seq }) => seq < from).map(({ value }) => value);
    const values = JSON.parse(JSON.stringify(before)) as unknown[];
    const context = contextOf([kinds()], { restored: () => committedValues(values) });
    const rest = await runOperator(limited({}, context), questionsInput(QUESTIONS.slice(from)));
    assert.deepEqual(
      rest.rows.map(({ seq, number }) => [(seq as number) + from, number]),
      whole.rows.filter(({ seq }) => (seq as number) >= from).map(({ seq, number }) => [seq, number]),
    );
  }
});

test('two subscriptions have memories of their own', async () => {
  const operator = limited({}, contextOf([kinds()]));
  const first = await runOperator(operator, questionsInput(QUESTIONS));
  const second = await runOperator(operator, questionsInput(QUESTIONS));
  assert.deepEqual(contentOf(second), contentOf(first));
});

const MISUSES: [what: string, row: (tools: any) => unknown, message: RegExp][] = [
  ['waits', async () => {}, /gave a promise, expected its decision at once/],
  ['asks', ({ ask }) => void ask('teller', 'Why?'), /asks a model where it decides by its memory/],
  ['remembers twice', ({ remember }) => [1, 2].forEach(remember), /remembered twice for one row/],
  ['remembers a function', ({ remember }) => remember(() => {}), /remembered what is no JSON/],
];

for (const [what, row, message] of MISUSES)
  test(`with a memory, a row that ${what} is rejected and remembers nothing`, async () => {
    const own = defineOperator({
      models: { teller: 'complete' },
      memory: { init: () => ({ last: 0 }), apply: (memory, delta: number) => void (memory.last = delta) },
      row: (_row, tools) => row(tools) as undefined,
    });
    const { lost, deltas } = await runOperator(own({}, contextOf([kinds()])), questionsInput(['a']));
    assert.match(lost[0]!.message, message);
    assert.deepEqual(deltas, []);
  });

test('without a memory nothing is remembered', async () => {
  const own = defineOperator({ row: (_row, { remember }) => remember('a' as never) });
  const { lost } = await runOperator(own({}, contextOf()), questionsInput(['a']));
  assert.match(lost[0]!.message, /remembers nothing: it has no `memory`/);
});

async function exampleOf(name: string) {
  const path = join(PACKAGE_FOLDER, 'pipelines', 'operators', name);
  const { operator } = await loadCustomOperator({ file: path, exported: 'default' });
  return (options: object, models: object, ...given: Parameters<typeof contextOf>) =>
    operator({ path, options: { ...options }, models: { ...models } }, contextOf(...given));
}

test('the example that asks a model: roles are the step’s, replies go into a struct and a chat', async () => {
  const example = await exampleOf('nameTopic.mjs');
  const model = scriptedModel(
    { complete: ({ seq }) => [seq === 1 ? 'I cannot say in five words' : 'Sums of fruit\nI think.'] },
    'tiny',
  );
  const operator = example({}, { namer: 'tiny' }, [model]);
  const output = await runOperator(operator, questionsInput(['2 + 3 apples?', 'Why?']));
  assert.deepEqual(output.rows[0]!['topic'], { name: 'Sums of fruit', words: 3 });
  assert.deepEqual(
    (output.rows[0]!['dialogue'] as { role: string }[]).map(({ role }) => role),
    ['user', 'assistant'],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped unnamed']);
});

test('the example with a memory keeps so many of each first word', async () => {
  const example = await exampleOf('limitEach.mjs');
  const output = await runOperator(example({ rowsMax: 1 }, {}), questionsInput(QUESTIONS), 2);
  assert.deepEqual(
    output.rows.map(({ seq }) => seq),
    [0, 1, 4],
  );
});
