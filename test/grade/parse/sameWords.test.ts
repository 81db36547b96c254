import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameWord } from '../../../src/grade/parse/sameWords.js';

test('no solution, in several languages', () => {
  for (const text of [
    'No solution',
    'There are no real solutions.',
    'the empty set',
    '无解',
    'нет решений',
    'aucune solution',
    'keine Lösung',
    'sin solución',
    '解なし',
  ])
    assert.deepEqual(sameWord(text), { kind: 'set', items: [] }, text);
});

test('yes, no and what else has several names', () => {
  assert.deepEqual(sameWord('That is correct.'), sameWord('true'));
  assert.deepEqual(sameWord('否'), sameWord('no'));
  assert.deepEqual(sameWord('Tues.'), sameWord('on Tuesday'));
  assert.deepEqual(sameWord('diverges to infinity'), { kind: 'constant', name: 'infinity' });
  assert.notDeepEqual(sameWord('converges'), sameWord('diverges'));
});

test('any other word, and any long text, has its own words alone', () => {
  for (const text of ['circle', 'none of them', 'no way', 'no solution '.repeat(20)])
    assert.equal(sameWord(text), null, text);
});
