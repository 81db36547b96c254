import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ngramReader } from '../../src/language/textNgrams.js';

/** Each byte stands for itself. */
const table = {
  ...{ languages: [], averages: [], ngrams: [], counts: [], scores: [] },
  separators: '[^a-zà-ý\u{4e00}-\u{9fff}]+',
  signs: Array.from({ length: 256 }, (_, byte) => byte),
};

/** The n-grams as texts of Latin-1. */
function ngramsOf(text: string): string[] {
  return [...ngramReader(table)(text)].map((ngram) =>
    typeof ngram === 'string' ? `${ngram.split(',').length} signs` : textOf(ngram),
  );
}

function textOf(ngram: number): string {
  let [text, rest] = ['', ngram];
  for (; rest > 0; rest = Math.floor(rest / 256)) text = String.fromCharCode(rest % 256) + text;
  return text;
}

test('a word is taken four signs by four, with a space before its first n-gram and behind its last one', () => {
  assert.deepEqual(ngramsOf('a'), [' a ']);
  assert.deepEqual(ngramsOf('abcd'), [' abcd ']);
  assert.deepEqual(ngramsOf('abcdefgh'), [' abcd', 'defg', 'efgh ']);
});

test('what stands between words is none of them, and the same n-gram counts once', () => {
  assert.deepEqual(ngramsOf('ab 12 ab, cd!'), [' ab ', ' cd ']);
  assert.deepEqual(ngramsOf('  '), []);
});

test('letters beyond ASCII are their bytes', () => {
  assert.deepEqual(ngramsOf('é'), [' \xc3\xa9 ']);
  assert.deepEqual(ngramsOf('果'), [' \xe6\x9e\x9c ']);
});

test('of a long word the rest is one n-gram, and of a long text no more is read than its first words', () => {
  const rest = ngramsOf('a'.repeat(100)).at(-1);
  assert.equal(rest, '34 signs');
  const words = Array.from(
    { length: 300 },
    (_, at) =>
      `w${'abcdefghij'[at % 10]}${'abcdefghij'[Math.floor(at / 10) % 10]}${'abc'[Math.floor(at / 100)]}`,
  );
  const read = ngramsOf(words.join(' '));
  assert.equal(read.length, 71);
  assert.equal(read.at(-1), ` ${words[70]} `);
});
