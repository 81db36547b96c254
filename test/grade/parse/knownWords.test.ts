import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownWords } from '../../../src/grade/parse/knownWords.js';

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
    assert.deepEqual(knownWords(text), { kind: 'set', items: [] }, text);
});

test('yes, no and what else has several names', () => {
  assert.deepEqual(knownWords('That is correct.'), knownWords('true'));
  assert.deepEqual(knownWords('否'), knownWords('no'));
  assert.deepEqual(knownWords('Tues.'), knownWords('on Tuesday'));
  assert.deepEqual(knownWords('diverges to infinity'), { kind: 'constant', name: 'infinity' });
  assert.notDeepEqual(knownWords('converges'), knownWords('diverges'));
});

test('any other word, and any long text, has its own words alone', () => {
  for (const text of ['circle', 'none of them', 'no way', 'no solution '.repeat(20)])
    assert.equal(knownWords(text), null, text);
});
