import type { Outcome, StepCounts } from './outcome.js';

/** Tells what became of the rows of one batch as they are decided: the batch waits for its slowest row. */
export interface RowTally {
  /** A row is decided. Gives its outcome. */
  tell(this: void, outcome: Outcome): Outcome;
  /** All rows of the batch are decided, and came to `counts`: tells what is not told yet. */
  tellRest(this: void, counts: StepCounts): void;
}

/** The usual counts of one row: a thousand rows a second make no garbage. */
const KEPT: StepCounts = { rowsIn: 1, kept: 1, dropped: 0, rejected: 0 };
const DROPPED: StepCounts = { rowsIn: 1, kept: 0, dropped: 1, rejected: 0 };
const REJECTED: StepCounts = { rowsIn: 1, kept: 0, dropped: 0, rejected: 1 };

export function createRowTally(onCounts: (counts: StepCounts) => void, isStopped: () => boolean): RowTally {
  const told = { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 };
  return {
    tell(outcome) {
      if (isStopped()) return outcome;
      const counts = countsOfRow(outcome);
      addTo(told, counts);
      onCounts(counts);
      return outcome;
    },
    tellRest(counts) {
      const rest = {
        rowsIn: counts.rowsIn - told.rowsIn,
        kept: counts.kept - told.kept,
        dropped: counts.dropped - told.dropped,
        rejected: counts.rejected - told.rejected,
      };
      if (Object.values(rest).some((rows) => rows !== 0)) onCounts(rest);
    },
  };
}

/** Adds `more` to `counts`, in place. */
export function addTo(counts: StepCounts, more: Readonly<StepCounts>): void {
  counts.rowsIn += more.rowsIn;
  counts.kept += more.kept;
  counts.dropped += more.dropped;
  counts.rejected += more.rejected;
}

function countsOfRow(outcome: Outcome): StepCounts {
  switch (outcome.kind) {
    case 'keep':
      return KEPT;
    case 'multiply':
      return { ...KEPT, kept: outcome.rows.length };
    case 'dropped':
      return DROPPED;
    case 'rejected':
      return REJECTED;
  }
}
