import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordAnswer } from '../../../src/grade/parse/wordAnswer.js';

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
    assert.deepEqual(wordAnswer(text), { kind: 'set', items: [] }, text);
});

test('yes, no and what else has several names', () => {
  assert.deepEqual(wordAnswer('That is correct.'), wordAnswer('true'));
  assert.deepEqual(wordAnswer('否'), wordAnswer('no'));
  assert.deepEqual(wordAnswer('Tues.'), wordAnswer('on Tuesday'));
  assert.deepEqual(wordAnswer('diverges to infinity'), { kind: 'constant', name: 'infinity' });
  assert.notDeepEqual(wordAnswer('converges'), wordAnswer('diverges'));
});

test('any other word, and any long text, has its own words alone', () => {
  for (const text of ['circle', 'none of them', 'no way', 'no solution '.repeat(20)])
    assert.equal(wordAnswer(text), null, text);
});
