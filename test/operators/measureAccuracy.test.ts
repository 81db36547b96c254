import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureAccuracy, measureAccuracySpec } from '../../src/operators/measureAccuracy.js';
import type { Figures } from '../../src/operators/lib/operator.js';
import { foldFigures } from '../helpers/runs/foldFigures.js';
import { type Input, contextOf, runOperator } from '../helpers/runs/runOperator.js';

const INPUT: Input = {
  columns: { corrects: 'list<bool>', answerClasses: 'list<float64>', benchmark: 'string' },
  rows: [
    { corrects: [true, true, false], answerClasses: [0, 0, 2], benchmark: 'sums' },
    { corrects: [false, false, true], answerClasses: [0, 0, 2], benchmark: 'sums' },
    { corrects: [false, null, false], answerClasses: [null, null, null], benchmark: 'hard' },
  ],
};

async function figuresOf(options: Record<string, unknown>, lost = {}): Promise<Figures> {
  const { deltas, rows } = await runOperator(measureAccuracy(options, contextOf()), INPUT, 2);
  assert.equal(rows.length, 3);
  const values = JSON.parse(JSON.stringify(deltas.map(({ value }) => value))) as unknown[];
  const fold = measureAccuracySpec.figures!(measureAccuracySpec.options.parse(options), {});
  return foldFigures(fold, values, lost);
}

function value(figures: Figures, ...path: string[]): number {
  return path.reduce<unknown>((part, name) => (part as Figures)[name], figures) as number;
}

test('pass@1, pass@k and maj@k of all rows; a k with too few responses is left out', async () => {
  const figures = await figuresOf({ ks: [2, 3, 4] });
  const near = (path: string[], expected: number): void =>
    assert.ok(Math.abs(value(figures, ...path) - expected) < 1e-12, path.join('.'));
  assert.deepEqual([figures['problems'], figures['samples'], figures['ungraded']], [3, 9, 1]);
  near(['pass@1', 'value'], 1 / 3);
  near(['pass@2', 'value'], (1 + 2 / 3 + 0) / 3);
  near(['pass@3', 'value'], 2 / 3);
  near(['maj@3', 'value'], 1 / 3);
  assert.ok(!('pass@4' in figures));
  assert.ok(value(figures, 'pass@1', 'low') < 1 / 3 && value(figures, 'pass@1', 'high') > 1 / 3);
});

test('without classes of answers, as of programs, there is no maj@k', async () => {
  const input: Input = { columns: { corrects: 'list<bool>' }, rows: [{ corrects: [true, false] }] };
  const { deltas } = await runOperator(measureAccuracy({ ks: [2] }, contextOf()), input);
  const fold = measureAccuracySpec.figures!(measureAccuracySpec.options.parse({ ks: [2] }), {});
  const figures = foldFigures(
    fold,
    JSON.parse(JSON.stringify(deltas.map(({ value: delta }) => delta))) as unknown[],
    {},
  );
  assert.deepEqual([value(figures, 'pass@1', 'value'), value(figures, 'pass@2', 'value')], [0.5, 1]);
  assert.deepEqual([figures['unanswered'], 'maj@2' in figures], [0, false]);
});

test('rows that were lost before stand beside the figures, with what they were lost to', async () => {
  const none = await figuresOf({});
  assert.equal(none['problemsLost'], 0);
  assert.ok(!('lostTo' in none));
  const lost = { 'filterReference noAnswer': 3, 'respond ROW_TIMEOUT': 2 };
  const figures = await figuresOf({}, lost);
  assert.deepEqual([figures['problems'], figures['problemsLost'], figures['lostTo']], [3, 5, lost]);
});

test('by: the same for each value of a column', async () => {
  const figures = await figuresOf({ ks: [3], by: 'benchmark' });
  assert.equal(value(figures, 'groups', 'sums', 'pass@1', 'value'), 0.5);
  assert.equal(value(figures, 'groups', 'hard', 'pass@1', 'value'), 0);
  assert.equal(value(figures, 'groups', 'hard', 'problems'), 1);
});
