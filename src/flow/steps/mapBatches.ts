import { applyOutcomes, readRows } from './applyOutcomes.js';
import type { BatchOperator } from '../batch.js';
import type { Row } from './columnTypes.js';
import { orderedMap } from '../orderedMap.js';
import { type Decide, type Outcome, type StepShape, rejectIfIncomplete, rejectOrThrow } from './outcome.js';
import { hasStepResult } from '../stepResults/stepResult.js';

/** `mapRows`, without the types of its columns. */
export function mapBatches(shape: StepShape, decide: Decide): BatchOperator {
  return orderedMap(shape.step, (batch) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const screened = shape.screen?.(batch.rows);
    const rows = readRows(batch, shape);
    const decided = rows.map((row, at) => screened?.[at] ?? decideRow(shape, decide, row));
    // A synchronous step has decided by now: its batch goes on at once.
    return decided.some(isPromise)
      ? Promise.all(decided as Promise<Outcome>[]).then((outcomes) => applyOutcomes(batch, shape, outcomes))
      : applyOutcomes(batch, shape, decided as Outcome[]);
  });
}

function decideRow(shape: StepShape, decide: Decide, row: Row): Promise<Outcome> | Outcome {
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
