import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FilterTextOptions,
  filterText,
  filterTextSpec,
  wordsIn,
} from '../../src/operators/filterText.js';
import { problemsOf } from '../helpers/runs/pipelineWorld.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';

function run(texts: readonly string[], options: FilterTextOptions) {
  return runOperator(filterText(options, contextOf()), questionsInput(texts));
}

test('length: both bounds are included, and the number stands at the end of the message', async () => {
  const output = await run(['abc', 'ab', 'abcd', 'abcde'], { charsMin: 3, charsMax: 4 });
  assert.deepEqual(
    output.rows.map(({ question }) => question),
    ['abc', 'abcd'],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped tooShort', '3 dropped tooLong']);
  assert.deepEqual(
    output.lost.map(({ message }) => message),
    ['characters 2', 'characters 5'],
  );
});

test('words: runs without a space, and each character of Chinese and Japanese', async () => {
  const counts: [text: string, words: number][] = [
    ['', 0],
    [' \n ', 0],
    ['How many apples?', 3],
    ["It's  $x^2$\n here", 3],
    ['一共有多少', 5],
    ['GPU 很快', 3],
    ['x很y', 3],
  ];
  assert.deepEqual(
    counts.map(([text]) => wordsIn(text)),
    counts.map(([, words]) => words),
  );
  const output = await run(['one', 'one two', 'one two three'], { wordsMin: 2, wordsMax: 2 });
  assert.deepEqual(lostTexts(output), ['0 dropped tooFewWords', '2 dropped tooManyWords']);
  assert.equal(output.lost[0]!.message, 'words 1');
});

test('patterns: one that must fit, one that must not', async () => {
  const output = await run(['Is it 3?', 'It is 3.', 'As an AI, is it?'], {
    matches: '\\?$',
    refuses: '(?i)\\bas an ai\\b',
  });
  assert.deepEqual(
    output.rows.map(({ question }) => question),
    ['Is it 3?'],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped noMatch', '2 dropped refused']);
});

test('repetition: a text that ends in a loop, where it is asked for', async () => {
  const loop = `Let me see. ${'I am not sure. '.repeat(20)}`;
  assert.deepEqual(lostTexts(await run(['fine', loop], { repetition: true })), ['1 dropped repetition']);
  assert.deepEqual(lostTexts(await run(['fine', loop], { charsMin: 1 })), []);
});

test('repeated n-grams: a share of the text above the bound, which a column tells', async () => {
  const again = 'the sum of the two sides is even so the sum of the two sides is odd';
  const options = {
    column: 'question',
    repeatedShareMax: 0.2,
    ngramWords: 4,
    repeatedColumn: 'repeated',
  } as const;
  const output = await run(['how many apples are left in the box', again], options);
  assert.deepEqual(
    output.rows.map((row) => row['repeated']),
    [0],
  );
  assert.deepEqual(lostTexts(output), ['1 dropped repeatedNgrams']);
  assert.match(output.lost[0]!.message!, /^share 0\.\d{4}$/);
  const [threshold] = filterTextSpec.thresholds!(filterTextSpec.options.parse(options));
  assert.deepEqual(
    [threshold!.option, threshold!.column, threshold!.isOnly],
    ['repeatedShareMax', 'repeated', true],
  );
});

test('the numbers are written where columns are named, of any column', async () => {
  const options = { column: 'document', charsColumn: 'chars', wordsColumn: 'words' };
  const output = await runOperator(filterText(options, contextOf()), {
    columns: { document: 'string' },
    rows: [{ document: 'two words' }],
  });
  assert.deepEqual(output.rows, [{ seq: 0, document: 'two words', chars: 9, words: 2 }]);
});

test('thresholds: those that are set or that a column tells of; alone where nothing else is looked at', () => {
  const of = (options: FilterTextOptions) =>
    filterTextSpec.thresholds!(filterTextSpec.options.parse(options)).map(
      ({ option, value, column, isOnly }) => [option, value, column, isOnly],
    );
  assert.deepEqual(of({ charsMin: 3, charsColumn: 'c' }), [
    ['charsMin', 3, 'c', true],
    ['charsMax', null, 'c', true],
  ]);
  assert.deepEqual(of({ charsMin: 3, wordsMax: 9 }), [
    ['charsMin', 3, null, false],
    ['wordsMax', 9, null, false],
  ]);
  assert.deepEqual(of({ wordsMax: 9, repetition: true }), [['wordsMax', 9, null, false]]);
});

const MISTAKES: [options: string, key: string, message: RegExp][] = [
  ['{}', 'steps.0.filterText', /it drops nothing/],
  ['{ charsMin: 5, charsMax: 4 }', 'steps.0.filterText.charsMin', /at most charsMax/],
  ['{ wordsMin: 5, wordsMax: 4 }', 'steps.0.filterText.wordsMin', /at most wordsMax/],
  ['{ charsColumn: n, wordsColumn: n }', 'steps.0.filterText.wordsColumn', /another column/],
  ["{ matches: '(' }", 'steps.0.filterText.matches', /expected a pattern of RE2/],
  ["{ refuses: '(?<=x)y' }", 'steps.0.filterText.refuses', /no look-arounds/],
];

for (const [options, key, message] of MISTAKES) {
  test(`the check refuses ${options}`, async () => {
    const source = 'source: { jsonl: { path: x.jsonl } }';
    const problems = await problemsOf(
      ['name: f', source, 'steps:', `  - filterText: ${options}`, ''].join('\n'),
    );
    assert.deepEqual(
      problems.map(({ at }) => at!.key),
      [key],
    );
    assert.match(problems[0]!.message, message);
  });
}
