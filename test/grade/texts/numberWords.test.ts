import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digitsOfWords } from '../../../src/grade/texts/numberWords.js';

const NUMBERS: [words: string, digits: string][] = [
  ['zero', '0'],
  ['seven', '7'],
  ['thirty', '30'],
  ['twenty-one', '21'],
  ['twenty one', '21'],
  ['hundred', '100'],
  ['one hundred', '100'],
  ['two hundred and five', '205'],
  ['two hundred five', '205'],
  ['twelve hundred', '1200'],
  ['three thousand', '3000'],
  ['three thousand and four', '3004'],
  ['three thousand, two hundred', '3200'],
  ['five hundred and six thousand seven hundred and eighty-nine', '506789'],
  ['one million two thousand and three', '1002003'],
  ['minus three', '-3'],
  ['one half', '1/2'],
  ['two-thirds', '2/3'],
  ['three fourths', '3/4'],
  ['minus five halves', '-5/2'],
  ['three and a half', '3 1/2'],
  ['two and three quarters', '2 3/4'],
  ['one hundred and a half hours', '100 1/2 hours'],
  ['thirty dollars', '30 dollars'],
  ['ninety miles per hour', '90 miles per hour'],
  ['fifty percent', '50\\%'],
];

for (const [words, digits] of NUMBERS) {
  test(`${words} is ${digits}`, () => assert.equal(digitsOfWords(words), digits));
}

const TEXTS = [
  ...[
    '',
    'and',
    'one way',
    'two three',
    'twenty eleven',
    'twenty, five',
    'two and three',
    'five hundred hundred',
  ],
  ...[
    'hundred and',
    'one thousand one million',
    'third',
    'twenty-third',
    'two third',
    'one thirds',
    'zero halves',
  ],
  ...[
    'five or six',
    'two hundred and two hundred',
    'three thousand and two hundred',
    'tenfold',
    'one-to-one',
  ],
  ...[
    'two to one',
    'minus',
    'twenty zero',
    'ten five',
    'two thousand, five',
    'thirty apples or so',
    'constructor',
  ],
  ...['two thousand two thousand', 'three and a', 'three and a half thirds', 'two and halves'],
];

for (const text of TEXTS) {
  test(`${JSON.stringify(text)} is no number`, () => assert.equal(digitsOfWords(text), null));
}
