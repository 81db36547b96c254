import type { Column } from '../../arrow/columnType.js';
import type { BatchOperator } from '../batch.js';
import type { ColumnTypes, ColumnsRead, ColumnsWritten, RowOf, ValuesOf } from './columnTypes.js';
import type { Decide, Outcome, StepShape } from './outcome.js';
import { stepStreams } from './stepStreams.js';

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
  const untyped: BatchOperator = (source) => stepStreams().mapBatches(shape, decide as Decide)(source);
  return untyped;
}
