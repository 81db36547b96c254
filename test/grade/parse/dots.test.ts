import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fraction from 'fraction.js';
import { DOTS, filled } from '../../../src/grade/parse/dots.js';
import type { Expression } from '../../../src/grade/parse/expression.js';

const items = (...values: (number | '…')[]): Expression[] =>
  values.map((value) => (value === '…' ? DOTS : { kind: 'number', value: new Fraction(value), digits: 0 }));

test('what dots leave out is filled where the first values and the last one say it', () => {
  assert.equal(filled(items(1, 2, '…', 10)).length, 10);
  assert.equal(filled(items(1, 3, 5, '…', 9)).length, 5);
  assert.equal(filled(items(1, 2, 4, '…', 64)).length, 7);
});

test('anything else stays as it is', () => {
  for (const list of [
    items(1, 2, 3, '…'),
    items(1, '…', 9),
    items(1, 2, '…', 1000),
    items(2, 4, '…', 9),
    items(1, 2, 3),
  ])
    assert.deepEqual(filled(list), list);
});
