import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIGIT_GROUPS } from '../../../src/grade/texts/digitGroups.js';

function regrouped(text: string): string {
  return DIGIT_GROUPS.reduce(
    (from, [pattern, replacement]) => from.replace(pattern, replacement as (found: string) => string),
    text,
  );
}

const CASES: readonly [string, string][] = [
  ["1'234'567", '1234567'],
  ["x = 12'500", 'x = 12500'],
  ['1.234.567', '1234567'],
  ['1.234', '1.234'],
  ['1.2.3.4', '1.2.3.4'],
  ['1_000_000', '1000000'],
  ['x_100', 'x_100'],
  ['12_3', '12_3'],
  ['0.1(6)', '0.1\\overline{6}'],
  ['0.1(6)x', '0.1(6)x'],
  ['0.\\dot{1}4\\dot 2', '0.\\overline{142}'],
  ['0.\\dot3', '0.\\dot{3}'],
  ["f'(234)", "f'(234)"],
];

for (const [written, wanted] of CASES) {
  test(`${written} is read as ${wanted}`, () => assert.equal(regrouped(written), wanted));
}
