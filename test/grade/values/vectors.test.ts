import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import { exactValue } from '../../../src/grade/values/exact.js';
import { asBasis, coordinatesOf, hasBasis } from '../../../src/grade/values/vectors.js';

function coordinates(text: string, wanted: number): number[] | null {
  const budget = createBudget();
  const found = coordinatesOf(asBasis(parseAnswer(text)[0]!), wanted, { budget, seed: 1 });
  return found && found.map((value) => Number(exactValue(value, budget)) + 0);
}

test('a sum of i, j and k has coordinates', () => {
  assert.deepEqual(coordinates('2\\hat{i} - \\frac{1}{2}\\hat{k}', 3), [2, 0, -0.5]);
  assert.deepEqual(coordinates('2\\mathbf{i} + 3\\mathbf{j}', 2), [2, 3]);
  assert.deepEqual(coordinates('3(i - j) + k', 0), [3, -3, 1]);
});

test('what is no such sum has none', () => {
  assert.equal(coordinates('\\hat{i}\\hat{j}', 2), null);
  assert.equal(coordinates('\\hat{i} + 1', 2), null);
  assert.equal(hasBasis(parseAnswer('2 + 3i')[0]!), false);
});
