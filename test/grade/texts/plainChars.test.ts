import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainChars } from '../../../src/grade/texts/plainChars.js';

const PLAIN: [text: string, plain: string][] = [
  ['１２．５％', '12.5%'],
  ['（１，２）', '(1,2)'],
  ['ｘ＝３', 'x=3'],
  ['𝑥+𝟏𝟐', 'x+12'],
  ['5㎏', '5kg'],
  ['\u200b1\u200d2\ufeff', '12'],
  ['\u202a-7\u202c', '-7'],
  ['f\u2061(x)', 'f(x)'],
  ['x²⁺ⁿ', 'x^{2+n}'],
  ['a₁₂ₙ', 'a_{12n}'],
  ['3½', '3\\frac{1}{2}'],
  ['⅝', '\\frac{5}{8}'],
  ['−∞', '-\\infty '],
];

for (const [text, plain] of PLAIN) {
  test(`${JSON.stringify(text)} is ${plain}`, () => assert.equal(plainChars(text), plain));
}

test('what would lose its meaning stays as it is', () => {
  for (const text of ['xᵃ', '①②', 'xₚ', '½x'.slice(1), 'plain $\\frac{1}{2}$'])
    assert.equal(plainChars(text), text);
});

test('invisible signs between numbers are signs', () => {
  assert.equal(plainChars('2\u20623'), '2\\cdot 3');
  assert.equal(plainChars('2\u20633'), '2,3');
  assert.equal(plainChars('2\u20643'), '2+3');
});
