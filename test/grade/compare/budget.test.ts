import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget, overLimit, spend } from '../../../src/grade/compare/budget.js';

test('a budget is spent to its last unit, and no further', () => {
  const budget = createBudget({ charsMax: 1, depthMax: 1, bitsMax: 1, workMax: 3 });
  spend(budget, 2);
  spend(budget, 1);
  assert.throws(() => spend(budget, 1), { code: 'ROW_GRADE_LIMIT', message: /more than 3 units of work/ });
});

test('a limit says what it is, and that the answer counts as not graded', () => {
  assert.match(overLimit('nests').message, /the answer nests; it counts as not graded/);
});
