import type { StepCounts } from '../flow/steps/outcome.js';

/** What a step did to some rows and to others, together. */
export function sumStepCounts(one: StepCounts, other: StepCounts): StepCounts {
  return {
    rowsIn: one.rowsIn + other.rowsIn,
    kept: one.kept + other.kept,
    dropped: one.dropped + other.dropped,
    rejected: one.rejected + other.rejected,
  };
}
