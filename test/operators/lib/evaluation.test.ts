import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type GradedRow,
  emptyEvaluation,
  foldEvaluation,
  majAtK,
  metricsOf,
  passAtK,
  wilson,
} from '../../../src/operators/lib/evaluation.js';
import { deriveUniform } from '../../../src/random.js';

function evaluate(rows: readonly GradedRow[], ks: readonly number[] = []) {
  return metricsOf(rows.reduce(foldEvaluation, emptyEvaluation(ks)));
}

/** Every subset of k samples, one by one. */
function passByCounting(corrects: readonly boolean[], k: number): number {
  let [hit, all] = [0, 0];
  for (let mask = 0; mask < 1 << corrects.length; mask++) {
    const chosen = corrects.filter((_, at) => (mask >> at) & 1);
    if (chosen.length !== k) continue;
    all += 1;
    if (chosen.includes(true)) hit += 1;
  }
  return hit / all;
}

test('pass@k is the share of subsets of k samples with a right one', () => {
  const samples = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 9 }), (corrects, some) => {
      const k = Math.min(some, corrects.length);
      const right = corrects.filter(Boolean).length;
      assert.ok(Math.abs(passAtK(corrects.length, right, k) - passByCounting(corrects, k)) < 1e-12);
    }),
  );
});

test('pass@k stays finite for thousands of samples', () => {
  assert.ok(Math.abs(passAtK(10_000, 1, 5000) - 0.5) < 1e-9);
  assert.equal(passAtK(10_000, 0, 10_000), 0);
});

test('the majority: equivalence classes vote, those without an answer do not, ties go to the earlier answer', () => {
  const row = (corrects: (boolean | null)[], answerClasses: (number | null)[]): GradedRow => ({
    corrects,
    answerClasses,
  });
  assert.equal(majAtK(row([false, true, true], [0, 1, 1]), 3), 1);
  assert.equal(majAtK(row([false, true], [0, 1]), 2), 0);
  assert.equal(majAtK(row([true, false], [0, 1]), 2), 1);
  assert.equal(majAtK(row([false, false, true], [null, null, 2]), 3), 1);
  assert.equal(majAtK(row([false, null, false], [null, null, null]), 3), 0);
  assert.equal(majAtK(row([true, false, false, true, true], [0, 1, 1, 0, 0]), 2), 0.5);
});

test('counts, and what a k has too few samples for', () => {
  const metrics = evaluate(
    [
      { corrects: [true, false, null, false], answerClasses: [0, 1, null, null] },
      { corrects: [true], answerClasses: [0] },
      { corrects: [], answerClasses: [] },
    ],
    [1, 4, 8],
  );
  const { problems, samples, ungraded, unanswered, passAt1, passAtK: pass, majAtK: majority } = metrics;
  assert.deepEqual([problems, samples, ungraded, unanswered], [3, 5, 1, 1]);
  assert.equal(passAt1!.value, (0.25 + 1) / 2);
  assert.deepEqual([pass['1']!.problems, pass['4']!.problems, pass['8']], [2, 1, undefined]);
  assert.deepEqual([pass['4']!.value, majority['4']!.value], [1, 1]);
  assert.equal(evaluate([]).passAt1, null);
});

test('pass@1 of one sample a problem has Wilson’s interval', () => {
  const rows = Array.from({ length: 40 }, (_, at) => ({ corrects: [at < 30] }));
  const { value, low, high } = evaluate(rows).passAt1!;
  const expected = wilson(0.75, 40);
  assert.ok(Math.abs(value - 0.75) < 1e-12);
  assert.ok(Math.abs(low - expected.low) < 1e-9 && Math.abs(high - expected.high) < 1e-9);
  // Newcombe 1998, table I: 81 of 263 has 0.2553 to 0.3662.
  const published = wilson(81 / 263, 263);
  assert.deepEqual([published.low.toFixed(4), published.high.toFixed(4)], ['0.2553', '0.3662']);
});

test('bounds hold whatever the rows; the order of problems changes nothing but rounding', () => {
  const anyRow = fc
    .array(fc.tuple(fc.option(fc.boolean()), fc.option(fc.nat(3))), { maxLength: 6 })
    .map((samples): GradedRow => ({
      corrects: samples.map(([correct]) => correct),
      answerClasses: samples.map(([, answerClass]) => answerClass),
    }));
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 30 }), (rows) => {
      const [forth, back] = [evaluate(rows, [1, 2, 4]), evaluate([...rows].reverse(), [1, 2, 4])];
      const all = [forth.passAt1, ...Object.values(forth.passAtK), ...Object.values(forth.majAtK)];
      const other = [back.passAt1, ...Object.values(back.passAtK), ...Object.values(back.majAtK)];
      for (const [at, estimate] of all.entries()) {
        if (!estimate) continue;
        const { low, value, high } = estimate;
        assert.ok(0 <= low && low <= value + 1e-9 && value - 1e-9 <= high && high <= 1 && low < high);
        assert.ok(Math.abs(value - other[at]!.value) < 1e-9 && Math.abs(low - other[at]!.low) < 1e-6);
      }
    }),
  );
});

/** How often the interval holds the truth, over made-up benchmarks whose chances of success are known. */
function coverage(problems: number, samples: number, chance: (uniform: number) => number, mean: number) {
  const TRIALS = 1500;
  let held = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const rows = Array.from({ length: problems }, (_, problem) => {
      const p = chance(deriveUniform(trial, 'chance', problem));
      const corrects = Array.from(
        { length: samples },
        (__, sample) => deriveUniform(trial, 'sample', problem, sample) < p,
      );
      return { corrects };
    });
    const { low, high } = evaluate(rows).passAt1!;
    if (low <= mean && mean <= high) held += 1;
  }
  return held / TRIALS;
}

for (const [problems, samples] of [
  [30, 1],
  [30, 4],
  [30, 16],
  [200, 4],
] as const) {
  test(`${problems} problems of ${samples} samples: about 95 % of intervals hold the truth`, () => {
    // Chances uniform on [0, 1], and chances near 1 (mean 0.9).
    const even = coverage(problems, samples, (uniform) => uniform, 0.5);
    const high = coverage(problems, samples, (uniform) => 1 - uniform ** 9, 0.9);
    assert.ok(even > 0.93 && even < 0.99, `${even}`);
    assert.ok(high > 0.9 && high < 0.995, `${high}`);
  });
}
