import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPairs } from '../../bench/grade/pairs.js';
import { sameAnswer } from '../../src/grade/compare/sameAnswer.js';

test('pairs follow from the seed, of every kind, the same and not', () => {
  const pairs = drawPairs(4, 5);
  assert.deepEqual(pairs, drawPairs(4, 5));
  assert.notDeepEqual(pairs, drawPairs(5, 5));
  const kinds = new Set(pairs.map(({ kind, same }) => `${kind} ${same}`));
  assert.equal(kinds.size, 2 * new Set(pairs.map(({ kind }) => kind)).size);
});

test('the grader is right about every pair of a seed that no bench uses', () => {
  const wrong = drawPairs(41, 12).filter(
    ({ gold, answer, same }) => sameAnswer(gold, answer, { seed: 1 }) !== same,
  );
  assert.deepEqual(wrong, []);
});
