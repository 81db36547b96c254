import type { CommittedDeltas } from '../../../src/flow/committedDeltas.js';

/** Deltas as commits would hold them, one a position from 0 on, read in pieces of so many. */
export function committedValues(values: readonly unknown[], pieceValues = 3): CommittedDeltas {
  return {
    upTo: () => values.length,
    countMax: () => values.length,
    async *read(from, to) {
      for (let at = from; at < to; at += pieceValues) yield values.slice(at, Math.min(to, at + pieceValues));
    },
  };
}
