import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScaleQuestError } from '../../src/errors.js';
import { customSpec, loadCustomOperator } from '../../src/operators/custom.js';
import { deriveUniform } from '../../src/random.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { countWordsPath } from '../helpers/operatorCases.js';
import {
  type Output,
  contextOf,
  lostTexts,
  questionsInput,
  runOperator,
} from '../helpers/runs/runOperator.js';

const FOLDER = temporaryFolder();
let modules = 0;

/** A module of one default export, in a file of its own: a module is loaded once. */
function moduleOf(source: string): string {
  const file = join(FOLDER, `own${modules++}.mjs`);
  writeFileSync(file, `export default ${source};`);
  return file;
}

async function run(source: string, questions: readonly string[], options = {}): Promise<Output> {
  const { operator } = await loadCustomOperator({ file: moduleOf(source), exported: 'default' });
  return runOperator(operator({ path: 'x.mjs', options }, contextOf()), questionsInput(questions));
}

test('the example counts words and drops short questions', async () => {
  const { operator, summary } = await loadCustomOperator({ file: countWordsPath(), exported: 'default' });
  const step = operator({ path: 'x.mjs', options: { wordsMin: 3 } }, contextOf());
  const output = await runOperator(
    step,
    questionsInput([' How  many apples? ', 'Why not?', 'One two three']),
  );
  assert.deepEqual(
    output.rows.map(({ words }) => words),
    [3, 3],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped tooShort']);
  assert.match(summary, /^Counts the words/);
});

test('a row is its declared columns and seq; nothing else', async () => {
  const source = `{ writes: [{ name: 'saw', type: 'string', help: 'h' }], row: (row) => ({ saw: JSON.stringify(row) }) }`;
  const { rows } = await run(source, ['hidden']);
  assert.equal(rows[0]!['saw'], '{"seq":0,"seqIndex":0}');
});

test('async rows, no return value, and columns that may be null', async () => {
  const source = `{
    reads: { question: 'string' },
    writes: [{ name: 'length', type: 'int32', help: 'h', nullable: true }],
    row: async ({ question }) => (question ? { length: question.length } : undefined),
  }`;
  const { rows } = await run(source, ['abc', '']);
  assert.deepEqual(
    rows.map(({ length }) => length),
    [3, null],
  );
});

test('chance comes from the run’s seed, the step and the row', async () => {
  const source = `{ writes: [{ name: 'draw', type: 'float64', help: 'h' }], row: (row, t) => ({ draw: t.uniform() }) }`;
  const { rows } = await run(source, ['a', 'b']);
  assert.deepEqual(
    rows.map(({ draw }) => draw),
    [0, 1].map((seq) => deriveUniform(7, 'custom', seq)),
  );
});

const WRITES = `writes: [{ name: 'score', type: 'int32', help: 'h' }]`;

const REJECTED: [why: string, source: string, message: RegExp][] = [
  ['what it throws', `{ row() { throw new Error('no luck'); } }`, /no luck/],
  ['what it throws later', `{ async row() { throw 'text'; } }`, /text/],
  [
    'a reason that it did not declare',
    `{ row: (r, tools) => tools.drop('bored') }`,
    /"bored", which its `drops`/,
  ],
  [
    'a reason that every object has',
    `{ row: (r, tools) => tools.drop('constructor') }`,
    /"constructor", which its `drops`/,
  ],
  [
    'a column without a value whose name every object has',
    `{ writes: [{ name: 'toString', type: 'string', help: 'h' }], row: () => ({}) }`,
    /in its column "toString" found null/,
  ],
  [
    'a column without a value',
    `{ ${WRITES}, row: () => ({}) }`,
    /in its column "score" found null, expected an integer/,
  ],
  [
    'a null where none may be',
    `{ ${WRITES}, row: () => ({ score: null }) }`,
    /in its column "score" found null/,
  ],
  [
    'a text for a number',
    `{ ${WRITES}, row: () => ({ score: 'high' }) }`,
    /in its column "score" found "high", expected an integer/,
  ],
  [
    'a number with a fraction',
    `{ ${WRITES}, row: () => ({ score: 0.5 }) }`,
    /in its column "score" found 0.5, expected an integer/,
  ],
  [
    'a number that is none',
    `{ ${WRITES.replace('int32', 'float64')}, row: () => ({ score: NaN }) }`,
    /found NaN, expected a finite number/,
  ],
  [
    'a list of the wrong kind',
    `{ ${WRITES.replace('int32', 'list<string>')}, row: () => ({ score: [1] }) }`,
    /found \[1\], expected an array of strings/,
  ],
];

for (const [why, source, message] of REJECTED) {
  test(`ROW_OPERATOR: ${why} rejects the row`, async () => {
    const output = await run(source, ['a']);
    assert.deepEqual(lostTexts(output), ['0 rejected ROW_OPERATOR']);
    assert.match(output.lost[0]!.message, message);
  });
}

const UNFIT: [why: string, source: string, message: RegExp][] = [
  ['no default export', 'undefined', /the default export of .* is unfit at its top/],
  ['no row function', '{ reads: {} }', / is unfit at row: expected a function/],
  ['an unknown type', `{ reads: { a: 'text' }, row() {} }`, /at reads\.a/],
  ['a column without help', `{ writes: [{ name: 'a', type: 'bool' }], row() {} }`, /at writes\.0\.help/],
  [
    'the position of the row',
    `{ writes: [{ name: 'seq', type: 'int32', help: 'h' }], row() {} }`,
    /at writes\.0\.name/,
  ],
];

for (const [why, source, message] of UNFIT) {
  test(`ERR_OPERATOR_LOAD: ${why}`, async () => {
    await assert.rejects(
      loadCustomOperator({ file: moduleOf(source), exported: 'default' }),
      (error) =>
        error instanceof ScaleQuestError && error.code === 'ERR_OPERATOR_LOAD' && message.test(error.message),
    );
  });
}

test('ERR_OPERATOR_LOAD: a module that is not there, or that does not parse', async () => {
  for (const file of ['/nowhere/x.mjs', moduleOf('{')])
    await assert.rejects(loadCustomOperator({ file, exported: 'default' }), {
      code: 'ERR_OPERATOR_LOAD',
      message: /cannot be imported/,
    });
});

test('without its module it says what to do', () => {
  assert.throws(() => customSpec.operator({ path: 'x' }, contextOf()), /use `loadCustomOperator/);
});
