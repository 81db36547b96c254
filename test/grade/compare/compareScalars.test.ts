import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import {
  type Comparison,
  sameScalar,
  sameUpToFactor,
  sameWriting,
  samplePoint,
} from '../../../src/grade/compare/compareScalars.js';
import { type Expression, infinitySign } from '../../../src/grade/parse/expression.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

const SEEDS = [1, 2, 3];

function read(answer: string): Expression {
  return parseAnswer(answer)[0]!;
}

function comparison(seed: number): Comparison {
  return { budget: createBudget(), seed };
}

const SAME: [left: string, right: string][] = [
  ['0.5', '\\frac12'],
  ['\\sqrt{8}', '2\\sqrt2'],
  ['\\sin^2 x + \\cos^2 x', '1'],
  ['(x+1)^2', 'x^2+2x+1'],
  ['\\frac{x^2-1}{x-1}', 'x+1'],
  // The same to a reader, though not for negative x.
  ['\\ln(x^2)', '2 \\ln x'],
  ['n!', 'n \\cdot (n-1)!'],
  // A long decimal stands for what it is rounded from.
  ['1.414214', '\\sqrt2'],
  ['\\infty', '\\infty'],
  ['2^{100000}', '2^{100000}'],
];

const DIFFERENT: [left: string, right: string][] = [
  ['0.33', '\\frac13'],
  ['1.4142', '\\sqrt2'],
  ['1.414215', '\\sqrt2'],
  ['x', 'y'],
  ['x', '|x|'],
  ['\\infty', '-\\infty'],
  ['\\infty', '10^{9}'],
  ['n!', '2n'],
  ['10^{-60}', '2 \\cdot 10^{-60}'],
];

for (const [pairs, same] of [
  [SAME, true],
  [DIFFERENT, false],
] as const) {
  for (const [left, right] of pairs) {
    test(`${left} and ${right} are ${same ? 'the same' : 'different'}, in either order, with any seed`, () => {
      for (const seed of SEEDS) {
        assert.equal(sameScalar(read(left), read(right), comparison(seed)), same);
        assert.equal(sameScalar(read(right), read(left), comparison(seed)), same);
      }
    });
  }
}

test('numbers too large to be told apart in fifty digits are not graded', () => {
  assert.throws(() => sameScalar(read('2^{100000}'), read('2^{99999} \\cdot 2'), comparison(1)), {
    code: 'ROW_GRADE_LIMIT',
    message: /more than 16384 bits/,
  });
});

test('equations: left sides that differ by a factor, of the right sign for an inequality', () => {
  const upTo = (left: string, right: string, positive: boolean): boolean =>
    sameUpToFactor(read(left), read(right), positive, comparison(1));
  assert.equal(upTo('2x - 4', 'x - 2', false), true);
  assert.equal(upTo('2 - x', 'x - 2', false), true);
  assert.equal(upTo('2 - x', 'x - 2', true), false);
  assert.equal(upTo('x - 3', 'x - 2', false), false);
  assert.equal(upTo('x - 2', 'y - 2', false), false);
  assert.equal(upTo('4', '2', false), false);
});

test('writing: the same tree with the same leaves', () => {
  assert.ok(sameWriting(read('x+1'), read('x + 1')));
  assert.ok(!sameWriting(read('x+1'), read('1+x')));
  assert.ok(!sameWriting(read('x < 1'), read('x \\le 1')));
});

test('the sign of infinity; 0 for anything else', () => {
  assert.deepEqual(['\\infty', '-\\infty', '5'].map(read).map(infinitySign), [1, -1, 0]);
});

test('points follow from the seed: the first five positive, later ones of either sign, whole where asked', () => {
  const at = (index: number, discrete = false, seed = 1): number =>
    samplePoint('x', index, discrete, seed).re.toNumber();
  assert.equal(at(0), at(0));
  assert.notEqual(at(0), at(0, false, 2));
  for (const seed of [1, 2, 3, 4]) {
    const values = Array.from({ length: 9 }, (_, index) => at(index, false, seed));
    assert.ok(values.slice(0, 5).every((value) => value > 0));
    assert.ok(values.every((value) => Math.abs(value) >= 0.3 && Math.abs(value) <= 2.8));
  }
  const all = SEEDS.flatMap((seed) => Array.from({ length: 9 }, (_, index) => at(index, false, seed)));
  assert.ok(all.some((value) => value < 0));
  for (let index = 0; index < 9; index++)
    assert.ok(Number.isInteger(at(index, true)) && at(index, true) >= 1);
});
