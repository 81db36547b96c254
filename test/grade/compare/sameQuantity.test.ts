import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { sameQuantity } from '../../../src/grade/compare/sameQuantity.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

function compare(left: string, right: string): boolean | null {
  return sameQuantity(parseAnswer(left)[0]!, parseAnswer(right)[0]!, { budget: createBudget(), seed: 1 });
}

const cm = '\\text{ cm}';
const m = '\\text{ m}';

const CASES: [left: string, right: string, same: boolean | null][] = [
  // Nothing with a unit: for others to compare.
  ['5', '5', null],
  ['x+1', '(1,2)', null],
  // Units of one kind are converted, of two kinds never.
  [`150${cm}`, `1.5${m}`, true],
  [`150${cm}`, `15${m}`, false],
  [`5${m}`, '5\\text{ kg}', false],
  [`-5${cm}`, `-0.05${m}`, true],
  // What one side leaves out is not held against it.
  [`5${cm}`, '5', true],
  [`5${cm}`, '6', false],
  ['6\\text{ increase}', '6', false],
  // The unit behind a root or a last term belongs to all of it.
  [`2\\sqrt{3}${cm}`, `\\sqrt{12}${cm}`, true],
  [`3+\\sqrt{2}${cm}`, `\\sqrt{2}+3${cm}`, true],
  [`1${m} + 20${cm}`, `120${cm}`, true],
  // Percent: the number or its hundredth.
  ['50\\%', '0.5', true],
  ['50\\%', '50', true],
  ['50\\%', '5\\%', false],
  // Degrees and radians.
  ['180^\\circ', '\\pi', true],
  ['180^\\circ', '\\pi\\text{ radians}', true],
  ['180^\\circ', '180', true],
  ['90^\\circ', '\\pi', false],
  // Bases.
  ['101_2', '5_{10}', true],
  ['101_2', '101', true],
  ['101_2', '101_3', false],
  ['-101_2', '-101', true],
  // Words that stand in no table must be the same.
  ['3\\text{ apples}', '3\\text{ pears}', false],
  ['3\\text{ apples}', '3\\text{ apples}', true],
  ['2\\text{ apples} + 3\\text{ pears}', '3\\text{ pears} + 2\\text{ apples}', true],
  ['2\\text{ apples} + 3\\text{ pears}', '3\\text{ apples} + 2\\text{ pears}', false],
];

for (const [left, right, same] of CASES) {
  test(`${left} and ${right}: ${same === null ? 'no quantities' : same ? 'the same' : 'different'}`, () => {
    assert.equal(compare(left, right), same);
    assert.equal(compare(right, left), same);
  });
}
