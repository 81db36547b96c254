import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';
import { type RealSets, realSetsOf, sameRealSets } from '../../../src/grade/values/realSet.js';

function setsOf(answer: string): RealSets | null {
  return realSetsOf(parseAnswer(answer)[0]!, { budget: createBudget(), seed: 1 });
}

/** As `x: (1, 2] [3, ∞)`, the variable in front where one is named. */
function print(answer: string): string | null {
  const sets = setsOf(answer);
  if (!sets) return null;
  const texts = [...sets].map(([name, pieces]) => {
    const all = pieces.map(({ lo, hi, loClosed, hiClosed }) =>
      `${loClosed ? '[' : '('}${lo}, ${hi}${hiClosed ? ']' : ')'}`.replaceAll('Infinity', '∞'),
    );
    return `${name === '' ? '' : `${name}: `}${all.join(' ') || 'empty'}`;
  });
  return texts.join('; ');
}

const SETS: [answer: string, set: string | null][] = [
  ['x > 3', 'x: (3, ∞)'],
  ['3 \\ge x', 'x: (-∞, 3]'],
  ['1 < x \\le 2', 'x: (1, 2]'],
  ['x \\ne 4', 'x: (-∞, 4) (4, ∞)'],
  ['x \\in [0, \\frac12)', 'x: [0, 0.5)'],
  ['(-\\infty, 1) \\cup (2, 3]', '(-∞, 1) (2, 3]'],
  ['[0, 5] \\cap (3, 9)', '(3, 5]'],
  ['\\{x \\mid x < 0\\}', '(-∞, 0)'],
  ['x < 1 \\text{ or } x > 2', 'x: (-∞, 1) (2, ∞)'],
  ['x > 1 \\text{ and } x < 2', 'x: (1, 2)'],
  // Nothing fulfils both, so they are alternatives.
  ['x < 1, x > 2', 'x: (-∞, 1) (2, ∞)'],
  ['x > 1, y < 0', 'x: (1, ∞); y: (-∞, 0)'],
  ['all real numbers', '(-∞, ∞)'],
  ['\\{2, 1\\}', '[1, 1] [2, 2]'],
  // Pieces that touch are one.
  ['[0, 1] \\cup (1, 2)', '[0, 2)'],
  ['[0, 1) \\cup (1, 2)', '[0, 1) (1, 2)'],
  ['(2, 1)', null],
  ['x > y', null],
  ['7', null],
];

for (const [answer, set] of SETS) {
  test(`${answer} describes ${set ?? 'no set'}`, () => assert.equal(print(answer), set));
}

const SAME: [left: string, right: string, same: boolean][] = [
  ['x > 3', '(3, \\infty)', true],
  ['x > 3', 'y > 3', false],
  ['x > 3', '[3, \\infty)', false],
  ['x \\ge \\sqrt{2}', '[\\sqrt2, \\infty)', true],
  ['x > 1, y < 0', 'y < 0, x > 1', true],
  ['x > 1, y < 0', 'x > 1', false],
  ['x \\ne 0', '(-\\infty,0) \\cup (0,\\infty)', true],
];

for (const [left, right, same] of SAME) {
  test(`${left} and ${right}: ${same ? 'the same set' : 'different sets'}`, () =>
    assert.equal(sameRealSets(setsOf(left)!, setsOf(right)!), same));
}
