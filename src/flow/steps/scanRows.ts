import type { Column } from '../../arrow/columnType.js';
import type { BatchOperator } from '../batch.js';
import type { CommittedDeltas } from '../committedDeltas.js';
import type { ColumnTypes, ColumnsRead, ColumnsWritten, RowOf, ValuesOf } from './columnTypes.js';
import type { Scan, StepShape } from './outcome.js';
import { stepStreams } from './stepStreams.js';

/**
 * An operator with state: it decides row by row, in order, and each row may change the state for those behind it. The state
 * belongs to the subscription: two subscriptions never share one.
 *
 * @param shape - The step's name and the columns that it reads and writes; the types of `row` and of what `keep` takes follow from it.
 * @param scan - The state, the decision, and how a row changes the state. A RowError that `decide` throws rejects the row; any
 * other error ends the stream.
 * @param committed - The deltas of this step that the run's commits hold: `context.restored?.(shape.step)`. Nothing for a new run.
 * @returns An operator for `source.pipe(…)`. The stream ends with ERR_PIPELINE_COLUMN if a column of `reads` does not reach it.
 * @example
 * const firstOfEach = scanRows(
 *   { step: 'firstOfEach', reads: { topic: 'string' }, writes: [] },
 *   {
 *     init: () => new Set<string>(),
 *     decide: (seen, { topic }) => (seen.has(topic) ? { outcome: drop('seen') } : { outcome: KEEP, delta: topic }),
 *     apply: (seen, topic: string) => void seen.add(topic),
 *   },
 * );
 */
export function scanRows<
  State,
  Delta,
  const Reads extends ColumnTypes,
  const Writes extends readonly Column[],
  const Lacking extends string = never,
  Prepared = undefined,
>(
  shape: StepShape<Reads, Writes, Lacking>,
  scan: Scan<State, Delta, RowOf<Reads, Lacking>, ValuesOf<Writes>, Prepared>,
  committed?: CommittedDeltas,
): BatchOperator<ColumnsRead<Reads>, ColumnsWritten<Writes>> {
  const untyped: BatchOperator = (source) =>
    stepStreams().scanBatches(shape, scan as unknown as Scan<State, Delta>, committed)(source);
  return untyped;
}
