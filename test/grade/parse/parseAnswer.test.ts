import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import type { Expression } from '../../../src/grade/parse/expression.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

const KINDS: [answer: string, kinds: Expression['kind'][]][] = [
  ['42', ['number']],
  ['1,234', ['number', 'list']],
  ['(1,234)', ['bracket', 'bracket']],
  ['5 m', ['product', 'quantity']],
  ['5\\text{ m}', ['quantity']],
  ['5 xyz', ['quantity']],
  ['5xyz', ['product']],
  ['3\\frac12', ['sum']],
  ['3\\frac{x}{2}', ['product']],
  ['x = 3', ['relation']],
  ['1 < x \\le 2', ['relation']],
  ['\\{x : x > 3\\}', ['relation']],
  ['\\{1\\}', ['set']],
  ['[1,2)', ['bracket']],
  ['1, 2', ['list']],
  ['1 and 2', ['list']],
  ['\\pm 2', ['plusMinus']],
  ['(B)', ['choice']],
  ['(B) 12', ['choice']],
  ['east', ['text']],
  ['seven', ['number']],
  ['no solution', ['set']],
  ['all real numbers', ['reals']],
  ['10_2', ['based']],
  ['x_2', ['symbol']],
  ['50\\%', ['percent']],
  ['3:4', ['ratio']],
  ['A \\cup B', ['setOperation']],
  ['\\vec{v}', ['symbol']],
  ['@#', ['text']],
  ['', ['text']],
  ['1 2', ['text']],
  ['(', ['text']],
];

for (const [answer, kinds] of KINDS) {
  test(`${JSON.stringify(answer)} is read as ${kinds.join(' or ')}`, () => {
    assert.deepEqual(
      parseAnswer(answer).map(({ kind }) => kind),
      kinds,
    );
  });
}

test('too long and too deep answers say so', () => {
  assert.throws(() => parseAnswer('1'.repeat(4001)), { code: 'ROW_GRADE_LIMIT', message: /4001 characters/ });
  assert.throws(() => parseAnswer(`${'('.repeat(70)}1${')'.repeat(70)}`), {
    code: 'ROW_GRADE_LIMIT',
    message: /nests deeper than 60/,
  });
});

test('reading spends the budget', () => {
  const budget = createBudget();
  parseAnswer('x+1', budget);
  assert.ok(budget.workLeft < budget.limits.workMax && budget.workLeft > budget.limits.workMax - 50);
});
