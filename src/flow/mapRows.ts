import type { BatchOperator } from './batch.js';
import { orderedMap } from './orderedMap.js';
import {
  type Outcome,
  type Row,
  type StepShape,
  applyOutcomes,
  readRows,
  rejectIfIncomplete,
  rejectOrThrow,
} from './outcome.js';
import { hasStepResult } from './stepResult.js';

/**
 * One decision a row, synchronous or not; all rows of a batch start when it arrives and the batch goes on, in order,
 * when the last of them is decided. A RowError rejects its row, any other error ends the stream.
 */
export function mapRows(shape: StepShape, decide: (row: Row) => Promise<Outcome> | Outcome): BatchOperator {
  return orderedMap(shape.step, (batch) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const decided = readRows(batch, shape).map((row) => decideRow(shape, decide, row));
    // A synchronous step has decided by now: its batch goes on at once.
    return decided.some(isPromise)
      ? Promise.all(decided as Promise<Outcome>[]).then((outcomes) => applyOutcomes(batch, shape, outcomes))
      : applyOutcomes(batch, shape, decided as Outcome[]);
  });
}

function decideRow(
  shape: StepShape,
  decide: (row: Row) => Promise<Outcome> | Outcome,
  row: Row,
): Promise<Outcome> | Outcome {
  try {
    const decided = rejectIfIncomplete(row, shape) ?? decide(row);
    return isPromise(decided) ? Promise.resolve(decided).catch(rejectOrThrow) : decided;
  } catch (error) {
    return rejectOrThrow(error);
  }
}

function isPromise(decided: Promise<Outcome> | Outcome): decided is Promise<Outcome> {
  return 'then' in decided;
}
