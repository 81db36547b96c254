import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameWords } from '../../../src/grade/compare/sameWords.js';

test('articles, number, spelling and order of names say nothing', () => {
  for (const [left, right] of [
    ['a circle', 'Circles'],
    ['five apples', '5 apples'],
    ['the colour red', 'color red'],
    ['Alice and Bob', 'Bob and Alice'],
    ['right-angled triangle', 'a right triangle'],
  ] as const)
    assert.ok(sameWords(left, right), `${left} = ${right}`);
});

test('other words, and other names, are others', () => {
  for (const [left, right] of [
    ['circle', 'ellipse'],
    ['Alice and Bob', 'Alice'],
    ['1 2', '12'],
    ['', ''],
  ] as const)
    assert.ok(!sameWords(left, right), `${left} = ${right}`);
});

test('a formula is the same whatever stands for its indices, and what reacts has no order', () => {
  assert.ok(sameWords('\\ce{2H2 + O2 -> 2H2O}', 'O_2 + 2H_2 \\to 2H_2O'));
  assert.ok(!sameWords('\\ce{2H2O -> 2H2 + O2}', '2H_2 + O_2 \\to 2H_2O'));
  assert.ok(!sameWords('CO_2', 'CO_3'));
});
