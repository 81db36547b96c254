import type { Figures, FiguresFold } from '../../src/operators/lib/operator.js';

/** The figures of these state deltas. */
export function foldFigures(fold: FiguresFold, deltas: readonly unknown[], lost = {}): Figures {
  for (const delta of deltas) fold.add(delta);
  return fold.end(lost);
}
