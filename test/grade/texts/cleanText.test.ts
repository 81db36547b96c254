import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanText, wordsOf } from '../../../src/grade/texts/cleanText.js';

const CLEANED: [answer: string, text: string][] = [
  ['$x$', 'x'],
  ['$5', '\\dollar 5'],
  ['\\$5', '\\dollar 5'],
  ['\\( x \\)', 'x'],
  ['\\[1\\]', '1'],
  ['**5**', '5'],
  ['\\boxed{\\boxed{3}}', '3'],
  ['\\text{ 12 }', '12'],
  ['\\left( 1, 2 \\right]', '( 1, 2 ]'],
  ['x²', 'x^{2}'],
  ['x₁₂', 'x_{12}'],
  ['3.', '3'],
  ['1{,}000', '1,000'],
  ['a \\\\ b', 'a \\\\ b'],
  ['90^{\\circ}', '90\\deg'],
  ['5 sq. ft.', '5 sq ft'],
  ['0.333...', '0.333\\ldots'],
  ['3.14...', '3.14'],
  ['US\\$5', '\\dollar 5'],
  ['\\frac{90^\\circ}{\\mathbb R}', '\\frac{90\\deg }{\\reals }'],
];

for (const [answer, text] of CLEANED) {
  test(`${answer} is cleaned to ${text}`, () => assert.equal(cleanText(answer), text));
}

test('words are compared without case, signs and an article', () => {
  assert.equal(wordsOf(' The  Red-Ball! '), 'red ball');
});

test('numbers among words keep their sign and point', () => {
  assert.equal(wordsOf('From $-3$ to 2.5.'), 'from -3 to 2.5');
  assert.equal(wordsOf('pages 3-5'), 'pages 3 5');
});
