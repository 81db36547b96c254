import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS, createBudget } from '../../../src/grade/compare/budget.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import { type Complex, real } from '../../../src/grade/values/complex.js';
import { numericValue, pointOf } from '../../../src/grade/values/numeric.js';
import { Real } from '../../../src/grade/values/realFunctions.js';
import { cpuMsOf } from '../../helpers/cpuMs.js';
import { sameAnswer } from '../../../src/grade/compare/sameAnswer.js';

function valueOf(answer: string, values: Record<string, number> = {}): Complex | null {
  const symbols = new Map(Object.entries(values).map(([name, value]) => [name, real(value)]));
  return numericValue(parseAnswer(answer)[0]!, pointOf(symbols, createBudget()));
}

/** The real part, to 20 digits; with the imaginary part where there is one. */
function print(answer: string, values?: Record<string, number>): string | null {
  const value = valueOf(answer, values);
  if (!value) return null;
  const digits = (part: Real): string => part.toSignificantDigits(20).toString();
  return value.im.isZero() ? digits(value.re) : `${digits(value.re)} + ${digits(value.im)}i`;
}

const VALUES: [answer: string, value: string | null][] = [
  ['\\sqrt2', '1.4142135623730950488'],
  ['\\pi', '3.1415926535897932385'],
  ['e^2', '7.3890560989306502272'],
  ['\\frac{1}{3}', '0.33333333333333333333'],
  ['50\\%', '0.5'],
  ['\\sqrt{-4}', '0 + 2i'],
  // Schoolbooks take the real root.
  ['(-8)^{1/3}', '-2'],
  ['\\sqrt[3]{-8}', '-2'],
  ['(-8)^{2/3}', '4'],
  ['\\log 1000', '3'],
  ['\\log_2 8', '3'],
  ['\\ln e', '1'],
  ['5!', '120'],
  ['\\binom{5}{2}', '10'],
  ['\\max(2, 7, 3)', '7'],
  ['\\min(2, 7, 3)', '2'],
  ['\\lfloor -2.5 \\rfloor', '-3'],
  ['\\lceil 2.1 \\rceil', '3'],
  ['|-7|', '7'],
  ['|3+4i|', '5'],
  ['\\arctan 1', '0.78539816339744830962'],
  ['\\sin 30^\\circ', '0.5'],
  ['\\sec 0', '1'],
  // Without a value.
  ['1/0', null],
  ['\\ln 0', null],
  ['\\log_1 2', null],
  ['(-1)!', null],
  ['\\max(1, i)', null],
  ['x', null],
];

for (const [answer, value] of VALUES) {
  test(`${answer} is ${value ?? 'no number'}`, () => assert.equal(print(answer), value));
}

test('variables take the values of the point', () => {
  assert.equal(print('x^2 - y', { x: 3, y: 2 }), '7');
  assert.equal(print('x + y', { x: 3 }), null);
});

test('the largest term of a sum is kept: cancellation leaves nothing smaller than its digits', () => {
  const point = pointOf(new Map(), createBudget());
  numericValue(parseAnswer('10^{20} + 1 - 10^{20}')[0]!, point);
  assert.equal(point.termMax.toString(), new Real('1e20').add(1).toString());
});

test('what overflows, and angles beyond our precision, are no values', () => {
  assert.throws(() => valueOf('10^{10^{10}}'), { code: 'ROW_GRADE_LIMIT', message: /beyond all measure/ });
  assert.equal(print('\\sin(10^{16})'), null);
});

test('a function costs more of the budget than a sum', () => {
  const spent = (answer: string): number => {
    const budget = createBudget();
    const expression = parseAnswer(answer)[0]!;
    numericValue(expression, pointOf(new Map(), budget));
    return GRADE_LIMITS.workMax - budget.workLeft;
  };
  // Two numbers that are read, the sum, and three values.
  assert.equal(spent('1+2'), 15);
  assert.ok(spent('\\sin 1') > 10 * spent('1+2'));
});

test('letters in a row cost a multiplication each, also where they are the number e', () => {
  for (const answer of ['Yes'.repeat(1200), 'e'.repeat(3600), 'ei'.repeat(1800)]) {
    const grade = (): void => {
      try {
        sameAnswer('7', answer, { seed: 1 });
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ROW_GRADE_LIMIT');
      }
    };
    // Ours took 1.4 s when each `e` was computed anew.
    assert.ok(cpuMsOf(grade, 500) < 500, answer.slice(0, 6));
  }
});
