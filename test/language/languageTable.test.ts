import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ngramScores } from '../../src/language/languageTable.js';

const TABLE = {
  ...{ languages: ['aa', 'bb', 'cc'], averages: [0.8, 0.8, 0.8], separators: '[^a-z]+', signs: [] },
  // One alone in the low half, and two that differ in the high half alone.
  ngrams: [7, 7 + 2 ** 32, 7 + 2 ** 33],
  counts: [2, 0, 1],
  scores: [60, 2 * 512 + 260, 512 + 53],
};

test('each n-gram adds its own scores to the sums', () => {
  const { find, addTo } = ngramScores(TABLE);
  const sums = new Float64Array(3);
  addTo(sums, find(7));
  assert.deepEqual([...sums], [60, 0, 260]);
  addTo(sums, find(7 + 2 ** 32));
  assert.deepEqual([...sums], [60, 0, 260]);
  addTo(sums, find(7 + 2 ** 33));
  assert.deepEqual([...sums], [60, 53, 260]);
});

test('an n-gram that no language knows is told apart, also where others lie', () => {
  const { find } = ngramScores(TABLE);
  assert.equal(find(8), -1);
  assert.equal(find(7 + 3 * 2 ** 32), -1);
});

test('as many n-grams as eld has are found again, each at a place of its own', () => {
  const ngrams = Array.from({ length: 50_000 }, (_, at) => 1 + at * 7919 * 65_536);
  const { find } = ngramScores({ ...TABLE, ngrams, counts: ngrams.map(() => 0), scores: [] });
  assert.equal(new Set(ngrams.map(find)).size, ngrams.length);
});
