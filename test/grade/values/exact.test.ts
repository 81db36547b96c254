import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import Fraction from 'fraction.js';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { exactRoot, exactValue, isExact } from '../../../src/grade/values/exact.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

function exactOf(answer: string): string {
  const value = exactValue(parseAnswer(answer)[0]!, createBudget());
  return isExact(value) ? value.toFraction() : value;
}

const VALUES: [answer: string, value: string][] = [
  ['1/2+1/3', '5/6'],
  ['(2/3)^{-2}', '9/4'],
  ['\\sqrt{\\frac{4}{9}}', '2/3'],
  ['\\sqrt[3]{-27}', '-3'],
  ['\\sqrt{2}', 'irrational'],
  ['\\pi', 'irrational'],
  ['\\frac{1}{0}', 'irrational'],
  ['0^{-1}', 'irrational'],
  ['10!', '3628800'],
  ['\\binom{10}{3}', '120'],
  ['\\binom{3}{10}', '0'],
  ['\\gcd(12,18)', '6'],
  ['\\max(1,3,2)', '3'],
  ['-\\lceil 1.2 \\rceil', '-2'],
  ['101_2', '5'],
  ['2_2', 'irrational'],
  ['1^{10^{1000}}', '1'],
  ['2^{100000}', 'tooLarge'],
  ['5000!', 'tooLarge'],
];

for (const [answer, value] of VALUES) {
  test(`${answer} is ${value}`, () => assert.equal(exactOf(answer), value));
}

test('roots of powers come back, others are none', () => {
  const base = fc.bigInt({ min: 0n, max: 10n ** 25n });
  fc.assert(
    fc.property(base, fc.integer({ min: 2, max: 9 }), (root, degree) => {
      const power = root ** BigInt(degree);
      assert.ok(exactRoot(new Fraction(power), degree, createBudget())!.equals(new Fraction(root)));
      if (root > 0n) assert.equal(exactRoot(new Fraction(power + 1n), degree, createBudget()), null);
    }),
  );
});
