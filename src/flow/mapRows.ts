import type { BatchOperator } from './batch.js';
import { orderedMap } from './orderedMap.js';
import type { Column } from '../arrow/columnType.js';
import type { ColumnTypes, ColumnsRead, ColumnsWritten, Row, RowOf, ValuesOf } from './columnTypes.js';
import {
  type Outcome,
  type StepShape,
  applyOutcomes,
  readRows,
  rejectIfIncomplete,
  rejectOrThrow,
} from './outcome.js';
import { hasStepResult } from './stepResult.js';

type Decide = (row: Row) => Promise<Outcome> | Outcome;

/**
 * An operator that decides row by row, synchronously or not. All rows of a batch start when it arrives; the batch goes on, in
 * order, when the last of them is decided.
 *
 * @param shape - The step's name and the columns that it reads and writes; the types of `row` and of what `keep` takes follow from it.
 * @param decide - Gives `keep({ … })`, `drop(reason)` or `multiply([…])` for one row. It decides from the row alone: no clock, no
 * `Math.random`. A RowError that it throws rejects the row; any other error ends the stream.
 * @returns An operator for `source.pipe(…)`. The stream ends with ERR_PIPELINE_COLUMN if a column of `reads` does not reach it.
 * @example
 * const longQuestions = mapRows(
 *   { step: 'longQuestions', reads: { question: 'string' }, writes: [{ name: 'words', type: 'int32', help: 'Words.' }] },
 *   ({ question }) => {
 *     const words = question.split(' ').length;
 *     return words < 8 ? drop('tooShort') : keep({ words });
 *   },
 * );
 */
export function mapRows<
  const Reads extends ColumnTypes,
  const Writes extends readonly Column[],
  const Lacking extends string = never,
>(
  shape: StepShape<Reads, Writes, Lacking>,
  decide: (row: RowOf<Reads, Lacking>) => Promise<Outcome<ValuesOf<Writes>>> | Outcome<ValuesOf<Writes>>,
): BatchOperator<ColumnsRead<Reads>, ColumnsWritten<Writes>> {
  return mapUntyped(shape, decide as Decide);
}

function mapUntyped(shape: StepShape, decide: Decide): BatchOperator {
  return orderedMap(shape.step, (batch) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const decided = readRows(batch, shape).map((row) => decideRow(shape, decide, row));
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
