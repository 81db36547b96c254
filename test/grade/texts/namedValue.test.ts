import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedValueOf } from '../../../src/grade/texts/namedValue.js';

test('values of probabilities, operators and sizes have names', () => {
  for (const name of [
    'P(A\\cap B)',
    'P(X=2)',
    'E[X]',
    '\\arg(z)',
    '(f\\circ g)(x)',
    '\\nabla f',
    '|AB|',
    '\\operatorname{rank} A',
  ])
    assert.equal(namedValueOf(`${name} = 5`)?.value, '5', name);
  assert.equal(namedValueOf('\\mathbb{E} [X] = 5')?.name, '\\mathbbE[X]');
});

test('functions of a number, of a variable, and conditions have none', () => {
  for (const text of ['\\sin(x + 1) = 5', 'f(x) = 5', 'P(x) = 5', '|x| = 5', 'x = 5', '5'])
    assert.equal(namedValueOf(text), null, text);
});
