import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BenchmarkIndex,
  benchmarkWords,
  createBenchmarkIndex,
} from '../../../src/operators/lib/benchmarkIndex.js';

function indexOf(questions: readonly string[][], wordsMin: number): BenchmarkIndex {
  const index = createBenchmarkIndex(wordsMin);
  for (const words of questions) index.add(words);
  return index;
}

const WORDS: [text: string, words: string][] = [
  ['How MANY, pears?  ', 'how many pears'],
  ['Don’t pay $1,000,000!', 'dont pay 1000000'],
  ["Tom's 3.5 kg", 'toms 3.5 kg'],
  ['x+1', 'x 1'],
  ['x + 1', 'x 1'],
  ['\\frac{1}{2} of $x^{2}$', 'frac 1 2 of x 2'],
  ['f(1,2) and (1, 2)', 'f 1 2 and 1 2'],
  ['1,2345 and 12,345.67', '1 2345 and 12345.67'],
  ['A well-known cafe\u0301', 'a well known café'],
  ['ﬁve ②', 'five 2'],
  ['３．５ 米', '3.5 米'],
  ['小明有3个苹果', '小 明 有 3 个 苹 果'],
  ['?!', ''],
  ['', ''],
];

for (const [text, words] of WORDS) {
  test(`words of ${JSON.stringify(text)}: ${words}`, () => {
    assert.equal(benchmarkWords(text).join(' '), words);
  });
}

/** By strings and sets alone. */
function naive(questions: readonly string[][], wordsMin: number, words: readonly string[]) {
  const runsOf = (all: readonly string[]): Set<string> =>
    all.length < wordsMin
      ? new Set([`whole ${all.join(' ')}`])
      : new Set(all.slice(wordsMin - 1).map((_, at) => all.slice(at, at + wordsMin).join(' ')));
  const own = runsOf(words);
  return questions.flatMap((question, item) => {
    if (question.length === 0) return [];
    const runs = runsOf(question);
    const common = [...runs].filter((run) => own.has(run)).length;
    return common === 0 ? [] : [{ item, share: common / Math.min(own.size, runs.size) }];
  });
}

const wording = fc.array(fc.constantFrom('a', 'b', 'ab', '1', '小'), { maxLength: 12 });

test('finds what a naive comparison finds, with the same shares', () => {
  const given = fc.tuple(fc.array(wording, { maxLength: 12 }), wording, fc.integer({ min: 1, max: 5 }));
  let found = 0;
  fc.assert(
    fc.property(given, ([questions, words, wordsMin]) => {
      const overlaps = indexOf(questions, wordsMin).find(words);
      assert.deepEqual(overlaps, naive(questions, wordsMin, words));
      found += overlaps.length;
    }),
    { numRuns: 500, seed: 1 },
  );
  assert.ok(found > 200, `${found} overlaps in all`);
});

test('words that only join to the same letters are others', () => {
  const index = indexOf([['ab', 'c', 'd']], 2);
  assert.deepEqual(index.find(['a', 'bc', 'd']), []);
  assert.deepEqual(index.find(['c', 'd']), [{ item: 0, share: 1 }]);
});

test('a run that a question has twice counts once', () => {
  const index = indexOf(['a b a b'.split(' '), 'a b'.split(' ')], 2);
  assert.deepEqual(index.find('a b c a b'.split(' ')), [
    { item: 0, share: 0.5 },
    { item: 1, share: 1 },
  ]);
});

test('grows: every one of 20,000 questions is found in full, and nothing else is', () => {
  const question = (number: number): string[] => Array.from({ length: 20 }, (_, at) => `w${number}x${at}`);
  const index = indexOf(
    Array.from({ length: 20_000 }, (_, number) => question(number)),
    13,
  );
  for (let number = 0; number < 20_000; number += 7)
    assert.deepEqual(index.find(question(number)), [{ item: number, share: 1 }]);
  for (let number = 20_000; number < 21_000; number++) assert.deepEqual(index.find(question(number)), []);
});
