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

const CASES: [text: string, expression: string][] = [
  ['\\begin{cases} x=1 \\\\ y=2 \\end{cases}', '(list,and (= x 1) (= y 2))'],
  ['\\begin{cases} x=1 \\end{cases}', '(= x 1)'],
  ['\\begin{aligned} x &= 1 \\\\ y &= 2 \\end{aligned}', '(list,and (= x 1) (= y 2))'],
  ['\\{\\begin{array}{l} x=1 \\\\ y=2 \\end{array}', '(list,and (= x 1) (= y 2))'],
];

for (const [text, expression] of CASES) {
  test(`${text} is ${expression}`, () => {
    assert.equal(print(text)?.replace('listand', 'list,and'), expression);
  });
}

test('a line of two cells is a value and when it holds', () => {
  const text = '\\begin{cases} 1 & \\text{if } x<0 \\\\ 2, & \\text{otherwise} \\end{cases}';
  assert.match(print(text)!, /bracket\(\) 1 \(< x 0\).*bracket\(\) 2 .*otherwise/);
});

test('a determinant is worked out, and an environment without an end is no maths', () => {
  assert.match(
    print('\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}')!,
    /^\(sum \(product 1 4\) \(negative \(product 2 3\)\)\)$/,
  );
  assert.equal(print('\\begin{vmatrix}1&2\\end{vmatrix}'), null);
  assert.equal(print('\\begin{cases} x=1'), null);
});
