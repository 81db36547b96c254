import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testOperator } from '../../../src/run/operators/testOperator.js';
import { folderOf, operatorFolder } from '../../helpers/runs/operatorFolder.js';

const ROWS = ['Why?', '…', 'How?', 'Who?', 'Will it?'].map((question) => ({ question }));
const FOLDER = await operatorFolder();

test('an operator that keeps its contract: what became of the rows, with its example’s options or others', async () => {
  const { rows, lost } = await testOperator(FOLDER, { name: 'shout', rows: ROWS });
  assert.deepEqual(
    rows.map(({ seq, loud }) => [seq, loud]),
    [
      [0, 'WHY? WHY?'],
      [2, 'HOW? HOW?'],
      [3, 'WHO? WHO?'],
      [4, 'WILL IT? WILL IT?'],
    ],
  );
  assert.deepEqual(
    lost.map(({ seq, kind, reason }) => [seq, kind, reason]),
    [[1, 'dropped', 'silent']],
  );
  const other = await testOperator(FOLDER, {
    name: 'shout',
    options: { column: 'answer' },
    rows: [{ answer: 'so' }],
  });
  assert.deepEqual(other.rows, [{ seq: 0, answer: 'so', loud: 'SO' }]);
});

test('models reply as the test says; a memory is as it was behind each row', async () => {
  const models = { tiny: { complete: (text: string) => `${text.length}` } };
  const rated = await testOperator(FOLDER, { name: 'rate', rows: ROWS, models });
  assert.deepEqual(
    rated.rows.map(({ rated: text }) => text),
    ['4', '1', '4', '4', '8'],
  );
  const counted = await testOperator(FOLDER, { name: 'count', rows: ROWS });
  assert.deepEqual(
    counted.rows.map(({ number }) => number),
    [0, 0, 0, 1, 2],
  );
});

const own = (parts: string, options = "{ type: 'object', properties: {} }"): string =>
  `let calls = 0;
   export const own = { summary: 'S.', options: ${options}, reads: { question: 'string' },
     writes: [{ name: 'made', type: 'string', help: 'Made.' }], ${parts} };`;

const FAULTS: [why: string, text: string, message: RegExp][] = [
  [
    'what depends on the time',
    own('row: () => ({ made: String(calls++) })'),
    /in batches of 1 rows it decides otherwise: row 0 is kept as/,
  ],
  [
    'what depends on its batch',
    own('batch: (rows) => rows.map(() => ({ made: String(rows.length) }))'),
    /in batches of 1 rows it decides otherwise/,
  ],
  [
    'a memory that is not all remembered',
    own(`memory: { init: () => ({ last: '' }), apply() {} },
      row({ question }, { memory }) { const made = memory.last; memory.last = question; return { made }; }`),
    /a run that goes on at row 1 decides otherwise: row 1 is kept as .*Why\?.*, then kept/,
  ],
  [
    'an option without a word of it',
    own('row: () => ({ made: "" })', "{ type: 'object', properties: { some: { type: 'string' } } }"),
    /the option some has no description/,
  ],
  [
    'options that are open',
    own('row: () => ({ made: "" })', "{ type: 'object', properties: {}, additionalProperties: true }"),
    /an option that it does not have is ignored/,
  ],
];

for (const [why, text, message] of FAULTS)
  test(`ERR_OPERATOR_CONTRACT: ${why}`, async () => {
    const folder = await operatorFolder(text);
    await assert.rejects(testOperator(folder, { rows: ROWS }), { code: 'ERR_OPERATOR_CONTRACT', message });
  });

test('a manifest that is not what the code says, a name that is none, options that do not fit', async () => {
  const folder = folderOf({ 'index.mjs': own('row: () => ({ made: "" })') });
  await assert.rejects(testOperator(folder, { rows: ROWS }), {
    message: /scalequest\.json is not what the code says/,
  });
  await assert.rejects(testOperator(FOLDER, { rows: ROWS }), {
    code: 'ERR_OPERATOR_LOAD',
    message: /found no `name`, expected the name of an operator .*: count, rate, shout/,
  });
  await assert.rejects(testOperator(FOLDER, { name: 'toString', rows: ROWS }), {
    message: /found "toString"/,
  });
  await assert.rejects(testOperator(FOLDER, { name: 'shout', options: { column: 1 }, rows: ROWS }), {
    code: 'ERR_PIPELINE_INVALID',
    message: /shout\.column/,
  });
});

test('no row, and rows that lack what is read', async () => {
  assert.deepEqual(await testOperator(FOLDER, { name: 'shout', rows: [] }), { rows: [], lost: [] });
  const { lost } = await testOperator(FOLDER, { name: 'shout', rows: [{ question: null }] });
  assert.deepEqual(
    lost.map(({ kind, reason }) => [kind, reason]),
    [['rejected', 'ROW_VALUE_MISSING']],
  );
});
