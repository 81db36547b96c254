import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withConditions, withoutInteger } from '../../../src/grade/texts/setTexts.js';

test('what is said for each whole number is read apart from that number', () => {
  for (const text of [
    '2k, k \\in \\integers ',
    '2k (k \\in \\integers )',
    '2k \\text{ where } k \\text{ is an integer}',
    '\\{2k \\mid k \\in \\integers \\}',
    '\\{x \\mid x = 2k, k \\in Z\\}',
  ])
    assert.deepEqual(withoutInteger(text), { text: '2k', name: 'k', isNatural: false }, text);
  assert.equal(withoutInteger('2k, k = 0, 1, 2, \\ldots').isNatural, true);
  assert.equal(withoutInteger('2k, k \\in \\naturals ').isNatural, true);
  assert.equal(withoutInteger('k \\in \\integers ').name, null);
});

test('sets of real and of whole numbers are their conditions', () => {
  assert.equal(withConditions('\\{x \\in \\reals : x > 3\\}'), '\\{x \\mid x > 3\\}');
  assert.equal(withConditions('\\{x \\in Z \\mid x > 3\\}'), '\\{x \\mid x > 3\\} \\cap Z');
});
