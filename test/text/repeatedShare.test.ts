import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatedShare } from '../../src/text/repeatedShare.js';

const SHARES: [text: string, size: number, share: number][] = [
  ['', 2, 0],
  ['a b c d', 2, 0],
  // The second "a b" is a repetition.
  ['a b a b', 2, 0.5],
  // One that is counted begins anew behind it: the second and third "a", then the fourth and fifth.
  ['a a a a a', 2, 0.8],
  ['one two three one two three one two three', 3, 2 / 3],
  // By characters, not by words.
  ['aaaa b aaaa b', 2, 0.5],
  ['x yy x zzzzzz', 1, 0.1],
  ['a b', 3, 0],
];

for (const [text, size, share] of SHARES) {
  test(`${share} of the characters of ${JSON.stringify(text)} stand in repeated ${size}-grams`, () => {
    assert.ok(Math.abs(repeatedShare(text.split(' ').filter(Boolean), size) - share) < 1e-12);
  });
}
