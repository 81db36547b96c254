import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  calibrateDifficulty,
  calibrateDifficultySpec,
  calibrationOf,
  ranks,
} from '../../src/operators/calibrateDifficulty.js';
import { foldFigures } from '../helpers/runs/foldFigures.js';
import { contextOf, runOperator } from '../helpers/runs/runOperator.js';

const OPTIONS = { parts: 2, dropShares: [0.25] };

test('the deltas of single rows give the figures: correlation, error, threshold, parts', async () => {
  const rows = [
    { difficulty: 0.8, failRate: 1 },
    { difficulty: 0.1, failRate: 0 },
    { difficulty: 0.2, failRate: 0.5 },
    { difficulty: 0.6, failRate: 0.5 },
  ];
  const { deltas, rows: kept } = await runOperator(calibrateDifficulty(OPTIONS, contextOf()), {
    columns: { difficulty: 'float64', failRate: 'float64' },
    rows,
  });
  assert.equal(kept.length, 4);
  const values = deltas.map(({ value }) => value);
  const figures = foldFigures(
    calibrateDifficultySpec.figures!(calibrateDifficultySpec.options.parse(OPTIONS), {}),
    values,
  );
  const { rankCorrelation, meanAbsoluteError, ...others } = figures;
  assert.ok(Math.abs((rankCorrelation as number) - 0.9486832980505138) < 1e-12);
  assert.ok(Math.abs((meanAbsoluteError as number) - 0.175) < 1e-12);
  assert.deepEqual(others, {
    rows: 4,
    'thresholdDropping25%': 0.2,
    part1: { rows: 2, predicted: 0.15000000000000002, true: 0.25 },
    part2: { rows: 2, predicted: 0.7, true: 0.75 },
  });
});

test('the threshold drops the wished share, where no two difficulties are equal', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }), { minLength: 2 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (values, share) => {
        const figures = calibrationOf(Float64Array.from(values), new Float64Array(values.length).fill(0.5), {
          parts: 3,
          dropShares: [share],
        });
        const threshold = Object.entries(figures).find(([name]) => name.startsWith('threshold'))![1];
        const dropped = values.filter((value) => value < (threshold as number)).length;
        assert.equal(dropped, Math.min(values.length - 1, Math.floor(share * values.length)));
        assert.equal(figures['rankCorrelation'], 0);
      },
    ),
  );
});

test('ranks: equal values share theirs', () => {
  assert.deepEqual([...ranks(Float64Array.of(3, 1, 3, 2))], [3.5, 1, 3.5, 2]);
});

test('of one row, or none, there is nothing to compare', () => {
  const nothing = new Float64Array();
  const half = Float64Array.of(0.5);
  assert.deepEqual(calibrationOf(nothing, nothing, OPTIONS), { rows: 0 });
  assert.deepEqual(calibrationOf(half, half, OPTIONS), { rows: 1 });
});

test('fewer rows than parts: each in a part of its own; a row without a difficulty passes unmeasured', async () => {
  const { rows, deltas } = await runOperator(calibrateDifficulty({}, contextOf()), {
    columns: { difficulty: 'float64', failRate: 'float64' },
    nullable: ['difficulty'],
    rows: [
      { difficulty: 0.5, failRate: 1 },
      { difficulty: null, failRate: 1 },
      { difficulty: 0.1, failRate: 0 },
    ],
  });
  assert.equal(rows.length, 3);
  const values = deltas.map(({ value }) => value);
  const fold = calibrateDifficultySpec.figures!({ parts: 10, dropShares: [] }, {});
  const { part1, part2, part3 } = foldFigures(fold, values);
  assert.deepEqual(
    [part1, part2, part3],
    [{ rows: 1, predicted: 0.1, true: 0 }, { rows: 1, predicted: 0.5, true: 1 }, undefined],
  );
});
