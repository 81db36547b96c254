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
  ['\\frac12', '(quotient 1 2)'],
  ['\\frac{x+1}2', '(quotient (sum x 1) 2)'],
  ['3\\frac12', '(sum 3 (quotient 1 2))'],
  ['3\\frac{x}{2}', '(product 3 (quotient x 2))'],
  ['3 1/2', '7/2'],
  ['\\sqrt[3]{8}', '(root 8 3)'],
  ['\\binom52', '(binom 5 2)'],
  ['\\sin^2 x', '(power (sin x) 2)'],
  ['\\sin^{-1} x', '(arcsin x)'],
  ['\\sin 2x \\cos x', '(product (sin (product 2 x)) (cos x))'],
  ['\\log_2 8', '(log 8 2)'],
  ['\\max(a, b)', '(max a b)'],
  ['2^{-x}', '(power 2 (negative x))'],
  ['2^3^2', '(power 2 (power 3 2))'],
  ['|x - 1|', '(abs (sum x (negative 1)))'],
  ['\\lfloor x \\rfloor', '(floor x)'],
  ['\\langle 1, 2 \\rangle', '(bracket() 1 2)'],
  ['[1, 2)', '(bracket[) 1 2)'],
  [']1, 2[', '(bracket() 1 2)'],
  ['(x)', 'x'],
  ['\\{1, 2\\}', '(set 1 2)'],
  ['\\{\\}', 'set'],
  ['\\{x \\mid x > 3\\}', '(bound > x 3)'],
  ['\\{x : x > 3\\}', '(bound > x 3)'],
  ['\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}', '(matrix2×2 1 2 3 4)'],
  ['e^{i\\pi}', '(power <e> (product <i> <pi>))'],
  ['10_2', '10 base 2'],
  ['x_2', 'x_2'],
];

for (const [text, expression] of CASES) {
  test(`${text} is read as ${expression}`, () => assert.equal(print(text), expression));
}

test('brackets that do not pair, rows of unequal length and fractions of nothing are no maths', () => {
  const ragged = '\\begin{pmatrix} 1 & 2 \\\\ 3 \\end{pmatrix}';
  for (const text of [
    '(1, 2[',
    '\\{1, 2',
    '|x',
    '\\lfloor x',
    ragged,
    '\\begin{verse} 1 \\end{verse}',
    '3 1/0',
  ])
    assert.equal(print(text), null, text);
});
