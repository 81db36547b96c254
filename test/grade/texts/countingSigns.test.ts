import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCounts } from '../../../src/grade/texts/countingSigns.js';

const CASES: readonly [string, string][] = [
  ['C(5,2)', '\\binom{5}{2}'],
  ['{}_5C_2', '\\binom{5}{2}'],
  ['^{5}\\text{C}_{2}', '\\binom{5}{2}'],
  ['C_5^2 + 1', '\\binom{5}{2} + 1'],
  ['C^2_5', '\\binom{5}{2}'],
  ['3C2', '\\binom{3}{2}'],
  ['A_5^2', '\\frac{5!}{3!}'],
  ['P(5, 2)', '\\frac{5!}{3!}'],
  ['C(2,5)', 'C(2,5)'],
  ['P(2000, 3)', 'P(2000, 3)'],
  ['C(a,b)', 'C(a,b)'],
  ['ABC(5,2)', 'ABC(5,2)'],
  ['\\frac{A}{2}', '\\frac{A}{2}'],
];

for (const [written, wanted] of CASES) {
  test(`${written} is read as ${wanted}`, () => assert.equal(withCounts(written), wanted));
}
