import type { RecordBatch } from 'apache-arrow';
import { selectColumns } from '../../arrow/columns.js';
import { hasColumn } from '../../arrow/read.js';
import { takeRows } from '../../arrow/take.js';
import { SEQ_COLUMN, SEQ_INDEX_COLUMN } from '../../arrow/columnType.js';
import type { BatchOperator } from '../batch.js';
import { orderedMap } from '../orderedMap.js';
import { hasStepResult } from '../stepResults/stepResult.js';
import { applyOutcomes, readRows } from './applyOutcomes.js';
import type { Row } from './columnTypes.js';
import { type Outcome, type StepShape, rejectIfIncomplete } from './outcome.js';

/** Decides the rows of a batch together; `table` has the same rows as Arrow columns. One outcome a row, in their order. */
export type DecideWhole = (rows: readonly Row[], table: RecordBatch) => Promise<readonly Outcome[]>;

/** An operator that decides the rows of a batch together, but for those that lack a value. */
export function mapWhole(shape: StepShape, decide: DecideWhole): BatchOperator {
  return orderedMap(shape.step, async (batch, isStopped) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const screened = shape.screen?.(batch.rows);
    const rows = readRows(batch, shape);
    const outcomes = rows.map((row, at) => screened?.[at] ?? rejectIfIncomplete(row, shape));
    const whole = [...rows.keys()].filter((at) => outcomes[at] === null);
    if (whole.length > 0) {
      const table = tableOf(takeRows(batch.rows, whole), shape);
      const decided = await decide(
        whole.map((at) => rows[at]!),
        table,
      );
      for (const [index, at] of whole.entries()) outcomes[at] = decided[index]!;
    }
    return isStopped() ? batch : applyOutcomes(batch, shape, outcomes as Outcome[]);
  });
}

function tableOf(rows: RecordBatch, { reads }: StepShape): RecordBatch {
  const names = [SEQ_COLUMN.name, SEQ_INDEX_COLUMN.name, ...Object.keys(reads)];
  return selectColumns(
    rows,
    names.filter((name) => hasColumn(rows, name)),
  );
}
