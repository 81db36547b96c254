import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { parseTokens } from '../../../src/grade/parse/parseTokens.js';
import { readTokens } from '../../../src/grade/parse/tokens.js';
import { printExpression } from '../printExpression.js';

function print(text: string): string | null {
  const budget = createBudget();
  const expression = parseTokens(readTokens(text, { thousands: true }, budget)!, budget);
  return expression && printExpression(expression);
}

test('the variable of a sum has no name, in indices too, and i is one', () => {
  assert.equal(print('\\sum_{k=1}^{n} k a_k'), '(sum #0 (product #0 a_#0) 1 n)');
  assert.equal(print('\\sum_{i=1}^n i'), '(sum #0 #0 1 n)');
  assert.equal(print('\\prod^{n}_{k=1} 2'), '(prod #0 2 1 n)');
  assert.equal(print('\\sum_{i=1}^n \\sum_{j=1}^i j'), '(sum #0 (sum #1 #1 1 #0) 1 n)');
});

test('a sum without both ends is no maths that is read', () => {
  for (const text of ['\\sum k', '\\sum_{k} k', '\\sum_{k=1} k', '\\sum^n k'])
    assert.equal(print(text), null);
});
