import assert from 'node:assert/strict';
import { test } from 'node:test';
import { words } from '../../../src/operators/lib/words.js';

const WORDS: [text: string, tokens: string[]][] = [
  ['What is  2+2 ?', ['what', 'is', '2', '+', '2']],
  ['1,000.50 apples; 3.', ['1,000.50', 'apples', '3']],
  ['Ｆｕｌｌ width', ['full', 'width']],
  ['数学は3つ', ['数', '学', 'は', '3', 'つ']],
  ['5 × 3 ÷ 2 ≤ 9', ['5', '×', '3', '÷', '2', '≤', '9']],
  ['(a, b)!', ['(', 'a', 'b', ')', '!']],
  ['', []],
];

for (const [given, tokens] of WORDS) {
  test(`the words of ${JSON.stringify(given)}`, () => {
    assert.deepEqual(words(given), tokens);
  });
}
