import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printRunDiff } from '../../../src/cli/show/runDiff.js';
import { stylesOf } from '../../../src/cli/show/styles.js';
import type { DiffSide, RunDiff } from '../../../src/run/diff/diffRuns.js';

const PLAIN = stylesOf({ isTTY: false });
const SIDE: DiffSide = {
  ...{ folder: 'runs/a', name: 'small', seed: 7, isComplete: true, positions: 100, kept: 70 },
  funnel: [
    { step: 'keepBest', rowsIn: 100, made: 0, kept: 70, dropped: { low: 30 }, rejected: {}, leftOut: {} },
  ],
  ownColumns: [],
};
const NUMBERS = {
  count: 70,
  nulls: 0,
  min: 0,
  max: 1,
  mean: 1 / 3,
  quantiles: [0, 0.1, 0.2, 0.3, 0.9],
  isExact: false,
};
const DIFF: RunDiff = {
  a: SIDE,
  b: { ...SIDE, folder: 'runs/b', isComplete: false, ownColumns: ['verdict'] },
  settings: [{ path: 'steps.keepBest.options.rewardMin', a: '0.5', b: null }],
  rows: null,
  notCompared: ['Their seeds are 7 and 8.'],
  distributions: [{ column: 'reward', of: 'value', a: NUMBERS, b: null }],
};

test('runs whose rows are not compared are shown by steps and numbers, with the reason', () => {
  const text = printRunDiff(DIFF, PLAIN);
  assert.match(text, /^B {2}runs\/b {2}small, seed 7 {2}70 rows kept of 100, not finished$/m);
  assert.match(text, /^steps\.keepBest\.options\.rewardMin +0\.5 +\(absent\)$/m);
  assert.match(text, /not compared one by one\nTheir seeds are 7 and 8\./);
  assert.match(text, /^keepBest +70 +100 +70 +100$/m);
  assert.match(text, /^reward +A +70 +0 +0 +0\.1 +0\.2 +0\.3 +0\.9 +1 +0\.3333$/m);
  assert.match(text, /sample of at least 32768/);
  assert.match(text, /^Columns of B alone: verdict\.$/m);
});

test('rows, their examples and changed values are listed; nothing that a terminal obeys passes', () => {
  const rows: RunDiff['rows'] = {
    ...{
      positions: 100,
      beyond: { a: 3, b: 0 },
      keptByBoth: 60,
      same: 59,
      appeared: 1,
      vanished: 2,
      questionsDiffer: 4,
    },
    fates: [
      {
        from: { kind: 'kept', step: null, reason: null },
        to: { kind: 'dropped', step: 'keepBest', reason: 'low\x1b[2J' },
        rows: 2,
        examples: [{ seq: 5, seqIndex: 1, question: 'What\nis\x1b[31m it?' }],
      },
    ],
    values: [
      {
        column: 'response',
        rows: 1,
        answers: 1,
        examples: [{ seq: 6, seqIndex: 0, a: '"one"', b: '"two"' }],
      },
    ],
  };
  const text = printRunDiff({ ...DIFF, rows, notCompared: [], settings: [] }, PLAIN);
  assert.match(text, /the same settings, sources and models/);
  assert.match(text, /^kept by both +60 +59 of them the same$/m);
  assert.match(text, /A went farther: 3 rows/);
  assert.match(text, /In 4 rows the questions differ/);
  assert.match(text, /row 5, number 1: What is\\u001b\[31m it\?/);
  assert.match(text, /response, row 6\n {2}A "one"\n {2}B "two"/);
  assert.ok(!text.includes('\x1b'));
});
