import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  UNKNOWN,
  type WhatIfControl,
  type WhatIfData,
  type WhatIfRows,
  binOf,
  decodeNumbers,
  encodeNumbers,
  passes,
  whatIf,
} from '../../../src/page/report/whatIf.js';

const GRID = [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1];

function control(own: Partial<WhatIfControl> = {}): WhatIfControl {
  return {
    ...{
      step: 'sample',
      option: 'min',
      title: 'min',
      grades: [],
      meaning: 'difficulty',
      keeps: 'atLeast',
      grid: GRID,
      at: 2,
      stepAt: 1,
    },
    ...{
      isTighteningExact: true,
      isLooseningExact: false,
      isAlwaysAbout: false,
      survival: 0.5,
      hasKeptValues: true,
    },
    ...own,
  };
}

/** Rows by their numbers: kept ones, then those that the control dropped. */
function made(
  kept: readonly number[],
  dropped: readonly number[],
  own: Partial<WhatIfControl> = {},
  more: Partial<WhatIfData> = {},
): { data: WhatIfData; rows: WhatIfRows } {
  const only = control(own);
  const values = [...kept, ...dropped];
  const data: WhatIfData = {
    ...{
      controls: [only],
      metrics: [{ label: 'x', edges: [0, 0.5, 1] }],
      rows: values.length,
      isWhole: true,
    },
    ...{ neverExact: null, rowsKept: kept.length, positions: 100, target: null, isLimitNeeded: false },
    ...more,
  };
  const rows = {
    fates: Uint8Array.from(values, (_, at) => (at < kept.length ? 0 : 1)),
    bins: [Uint8Array.from(values, (value) => (Number.isNaN(value) ? UNKNOWN : binOf(value, only)))],
    ties: [new Uint8Array(values.length)],
    metrics: [Uint8Array.from(values, (value) => (value < 0.5 ? 0 : 1))],
  };
  return { data, rows };
}

test('a bin decides as the comparison of the numbers does, for each kind of threshold', () => {
  const number = fc.oneof(fc.constantFrom(...GRID), fc.double({ min: -1, max: 2, noNaN: true }));
  fc.assert(
    fc.property(number, fc.integer({ min: 0, max: GRID.length - 1 }), (value, at) => {
      const by = { atLeast: value >= GRID[at]!, atMost: value <= GRID[at]!, below: value < GRID[at]! };
      for (const [keeps, expected] of Object.entries(by) as ['atLeast' | 'atMost' | 'below', boolean][])
        assert.equal(
          passes(binOf(value, { keeps, grid: GRID }), at, keeps),
          expected,
          `${keeps} ${value} ${GRID[at]}`,
        );
    }),
  );
});

test('without a value all rows pass', () => {
  for (const value of [-5, 0.5, 5]) {
    assert.ok(passes(binOf(value, { keeps: 'atLeast', grid: GRID }), -1, 'atLeast'));
    assert.ok(passes(binOf(value, { keeps: 'atMost', grid: GRID }), GRID.length, 'atMost'));
    assert.ok(passes(binOf(value, { keeps: 'below', grid: GRID }), GRID.length, 'below'));
  }
});

test('as it ran, the count is the run’s, exactly', () => {
  const { data, rows } = made([0.2, 0.6], [0.1]);
  const { kept, isExact, sets } = whatIf(data, rows, [2]);
  assert.deepEqual({ kept, isExact, sets }, { kept: 2, isExact: true, sets: [] });
});

test('stricter: the rows below go, exactly; what is typed is the value', () => {
  const { data, rows } = made([0.2, 0.3, 0.6], [0.1]);
  const found = whatIf(data, rows, [4]);
  assert.deepEqual(found.sets, ['steps.sample.min=0.5']);
  assert.deepEqual([found.kept, found.isExact, found.removed], [1, true, 2]);
  assert.deepEqual(found.distributions, [[0, 1]]);
});

test('stricter before a step that compares rows: about', () => {
  const { data, rows } = made([0.2, 0.6], [], { isTighteningExact: false });
  assert.equal(whatIf(data, rows, [4]).isExact, false);
  // No row goes: nothing changes.
  assert.equal(whatIf(data, rows, [1]).isExact, true);
});

test('looser: rows come back with the share that is kept of others, about; exactly behind the last step', () => {
  const { data, rows } = made([0.2, 0.6], [0.1, 0.15]);
  const about = whatIf(data, rows, [1]);
  assert.deepEqual([about.kept, about.isExact, about.returned], [3, false, 2]);
  assert.match(about.reasons[0]!, /2 rows that sample\.min dropped would go on.* 50 %/);
  const last = made([0.2, 0.6], [0.1, 0.15], { isLooseningExact: true });
  const exact = whatIf(last.data, last.rows, [1]);
  assert.deepEqual([exact.kept, exact.isExact], [4, true]);
});

test('a number that is known rounded to the threshold itself makes a count one of about', () => {
  const { data, rows } = made([0.2], [0.1], { isLooseningExact: true });
  rows.ties[0]![1] = 2;
  assert.equal(whatIf(data, rows, [1]).isExact, false);
  assert.equal(whatIf(data, rows, [0]).isExact, true);
});

test('a row without the number passes: it is not meant', () => {
  const { data, rows } = made([NaN, 0.2], []);
  assert.equal(whatIf(data, rows, [6]).kept, 1);
});

test('a target bounds the count, and tells how far the run would read', () => {
  const { data, rows } = made(
    [0.2, 0.6],
    [0.1, 0.1],
    { isLooseningExact: true },
    { target: 2, positions: 100 },
  );
  assert.deepEqual([whatIf(data, rows, [1]).kept, whatIf(data, rows, [1]).positionsToTarget], [2, 50]);
  assert.deepEqual([whatIf(data, rows, [4]).kept, whatIf(data, rows, [4]).positionsToTarget], [1, 200]);
});

test('a sample is scaled, and never exact', () => {
  const { data, rows } = made([0.2, 0.6], [], {}, { isWhole: false, rowsKept: 2000 });
  assert.deepEqual([whatIf(data, rows, [4]).kept, whatIf(data, rows, [4]).isExact], [1000, false]);
});

test('two thresholds: a row that one dropped has no number for one that is changed elsewhere', () => {
  const one = made([0.2, 0.6], [0.1], { isLooseningExact: true });
  const other = control({ step: 'best', option: 'rewardMin', stepAt: 0, at: 0 });
  const data = { ...one.data, controls: [...one.data.controls, other] };
  const rows: WhatIfRows = {
    ...one.rows,
    bins: [...one.rows.bins, Uint8Array.from([7, 7, UNKNOWN])],
    ties: [...one.rows.ties, new Uint8Array(3)],
  };
  assert.equal(whatIf(data, rows, [1, 0]).isExact, true);
  assert.equal(whatIf(data, rows, [1, 3]).isExact, false);
});

test('rows come back from their bytes', () => {
  const { data, rows } = made([0.2, 0.6], [0.1]);
  assert.deepEqual(decodeNumbers(encodeNumbers(rows), data), rows);
});
