import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutProse } from '../../../src/grade/texts/prose.js';

const SAID: readonly [text: string, maths: string][] = [
  ['The answer is 5', '5'],
  ['about 12', '12'],
  ['3.5 (approximately)', '3.5'],
  ['x equals 5', 'x = 5'],
  ['The area is 12 cm', '12 cm'],
  ['3 to 4', '3:4'],
  ['3 out of 4', '\\frac{3}{4}'],
  ['at least 5', '[5,\\infty)'],
  ['x is greater than 3', 'x > 3'],
  ['all real numbers except 0', '\\reals \\setminus \\{0\\}'],
  ['increased by 5\\%', '5 % increase'],
  ['0.27 repeating', '0.\\overline{27}'],
  ['five (5)', '5'],
  ['x^2 + constant', 'x^2 + C'],
  ['8 a.m.', '8:00 am'],
];

test('what is said around an answer is left out, and signs in words become signs', () => {
  for (const [text, maths] of SAID) assert.equal(withoutProse(text), maths, text);
});

test('what is maths, or no answer of that form, stays', () => {
  for (const text of ['x + 5', 'about', '5 (six)', '(2, 5)', 'the answer', 'a to b', 'in 5'])
    assert.equal(withoutProse(text), text);
});
