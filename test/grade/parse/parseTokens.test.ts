import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS, createBudget } from '../../../src/grade/compare/budget.js';
import { parseTokens } from '../../../src/grade/parse/parseTokens.js';
import { readTokens } from '../../../src/grade/parse/tokens.js';
import { printExpression } from '../printExpression.js';

function print(text: string, budget = createBudget()): string | null {
  const expression = parseTokens(readTokens(text, { thousands: true }, budget)!, budget);
  return expression && printExpression(expression);
}

const CASES: [text: string, expression: string][] = [
  ['1+2-x', '(sum 1 2 (negative x))'],
  ['2x^2 y', '(product 2 (power x 2) y)'],
  ['-x^2', '(negative (power x 2))'],
  ['1/2/3', '(quotient (quotient 1 2) 3)'],
  ['2 \\cdot 3 \\times x', '(product 2 3 x)'],
  ['1, 2, and 3', '(list,and 1 2 3)'],
  ['x < 1 or x > 2', '(listor (< x 1) (> x 2))'],
  ['1 < x \\le 2', '(<<= 1 x 2)'],
  ['x = \\frac13 \\approx 0.33', '(= x (quotient 1 3))'],
  ['x \\approx 0.5', '(= x 1/2)'],
  ['3:4:5', '(ratio 3 4 5)'],
  ['1 \\pm \\sqrt2', '(± 1 (sqrt 2))'],
  ['\\mp 2', '(∓ 2)'],
  ['5!', '(factorial 5)'],
  ['50\\%', '(percent 50)'],
  ['(1,2] \\cup [3,\\infty)', '(union (bracket(] 1 2) (bracket[) 3 <infinity>))'],
];

for (const [text, expression] of CASES) {
  test(`${text} is read as ${expression}`, () => assert.equal(print(text), expression));
}

test('what is no maths to its end gives nothing', () => {
  for (const text of ['1 +', '(1', '1 )', '= = 3', '1 ,', '\\frac{1}', '^2'])
    assert.equal(print(text), null, text);
});

test('chains of operations and depth have a limit', () => {
  const budget = (depthMax: number) => createBudget({ ...GRADE_LIMITS, depthMax });
  assert.equal(print('1/2/3/4', budget(10)), '(quotient (quotient (quotient 1 2) 3) 4)');
  assert.throws(() => print(`1${'/2'.repeat(41)}`, budget(10)), {
    message: /chains more than 40 operations/,
  });
  assert.throws(() => print(`${'('.repeat(12)}1${')'.repeat(12)}`, budget(10)), {
    message: /nests deeper than 10/,
  });
});
