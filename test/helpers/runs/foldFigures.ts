import assert from 'node:assert/strict';
import type { Figures, FiguresFold } from '../../../src/operators/lib/operator.js';

/** The figures of these state deltas. */
export function foldFigures(fold: FiguresFold | null, deltas: readonly unknown[], lost = {}): Figures {
  assert.ok(fold, 'the step has no figures with these options');
  for (const delta of deltas) fold.add(delta);
  return fold.end(lost);
}
