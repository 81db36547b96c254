import type { BatchOperator } from '../batch.js';
import { orderedMap } from '../orderedMap.js';
import { hasStepResult } from '../stepResults/stepResult.js';
import { readRows } from './applyOutcomes.js';
import type { Row } from './columnTypes.js';
import { type StepShape, rejectIfIncomplete } from './outcome.js';

/**
 * Has something done about each row before a step decides it, for many rows at a time; the batches pass as they are, in order. Rows
 * that the step would reject before it decides them are left out.
 */
export function prepareRows(shape: StepShape, prepare: (row: Row) => Promise<void>): BatchOperator {
  return orderedMap(shape.step, async (batch) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const screened = shape.screen?.(batch.rows);
    const rows = readRows(batch, shape).filter(
      (row, at) => !screened?.[at] && rejectIfIncomplete(row, shape) === null,
    );
    await Promise.all(rows.map((row) => prepare(row)));
    return batch;
  });
}
