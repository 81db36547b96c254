import { createHash } from 'node:crypto';
import { Observable } from 'rxjs';
import type { Column } from '../arrow/columnType.js';
import { type Batch, type BatchOperator, assertTiles } from './batch.js';
import type {
  ColumnTypes,
  ColumnsRead,
  ColumnsWritten,
  Row,
  RowOf,
  Values,
  ValuesOf,
} from './columnTypes.js';
import {
  type Outcome,
  type StepShape,
  applyOutcomes,
  readRows,
  rejectIfIncomplete,
  rejectOrThrow,
} from './outcome.js';
import { type StateDelta, isDelta } from './rowEvents.js';
import { hasStepResult } from './stepResult.js';

/** A stateful step. Only `apply` changes the state, so that applying the committed deltas in order restores it. */
export interface Scan<State, Delta, SeenRow = Row, Written = Values> {
  /** Null for a step that decides without state and emits deltas for its figures alone. */
  init: () => State;
  /** Decides one row from the state; `delta` is how the row changes it. */
  decide: (state: State, row: SeenRow) => { outcome: Outcome<Written>; delta?: Delta };
  apply: (state: State, delta: Delta) => void;
}

/**
 * An operator with state: it decides row by row, in order, and each row may change the state for those behind it. The state
 * belongs to the subscription: two subscriptions never share one.
 *
 * @param shape - The step's name and the columns that it reads and writes; the types of `row` and of what `keep` takes follow from it.
 * @param scan - The state, the decision, and how a row changes the state. A RowError that `decide` throws rejects the row; any
 * other error ends the stream.
 * @param restored - The deltas of this step that earlier commits of the same run hold, in order; nothing for a new run.
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
>(
  shape: StepShape<Reads, Writes, Lacking>,
  scan: Scan<State, Delta, RowOf<Reads, Lacking>, ValuesOf<Writes>>,
  restored: readonly NoInfer<Delta>[] = [],
): BatchOperator<ColumnsRead<Reads>, ColumnsWritten<Writes>> {
  return scanUntyped(shape, scan as Scan<State, Delta>, restored);
}

function scanUntyped<State, Delta>(
  shape: StepShape,
  scan: Scan<State, Delta>,
  restored: readonly Delta[],
): BatchOperator {
  return (source) =>
    new Observable((subscriber) => {
      const state = scan.init();
      // Deltas of earlier rows. They are applied when a row has to be decided, which may never be.
      let unapplied: Delta[] = [...restored];
      const hash = shape.at === undefined || state === null ? null : createStateHash(shape, restored);
      let expectedLo: number | null = null;

      function applyDeltas(): void {
        for (const delta of unapplied) scan.apply(state, delta);
        unapplied = [];
      }

      function take(batch: Batch): Batch {
        if (hasStepResult(batch.stepResults, shape.at)) {
          const deltas = batch.events.filter(isDelta).filter(({ step }) => step === shape.step);
          for (const { value } of deltas) unapplied.push(value as Delta);
          hash?.add(batch, deltas);
          return batch;
        }
        applyDeltas();
        const deltas: StateDelta[] = [];
        const outcomes = readRows(batch, shape).map((row) => decideRow(row, deltas));
        const stateBefore = hash?.current();
        hash?.add(batch, deltas);
        return applyOutcomes(batch, shape, outcomes, { deltas, stateBefore });
      }

      function decideRow(row: Row, deltas: StateDelta[]): Outcome {
        const incomplete = rejectIfIncomplete(row, shape);
        if (incomplete) return incomplete;
        try {
          const { outcome, delta } = scan.decide(state, row);
          if (delta === undefined) return outcome;
          scan.apply(state, delta);
          deltas.push({ kind: 'delta', seq: row.seq, step: shape.step, value: delta });
          return outcome;
        } catch (error) {
          return rejectOrThrow(error);
        }
      }

      return source.subscribe({
        next(batch) {
          try {
            assertTiles(expectedLo ?? batch.lo, batch, shape.step);
            expectedLo = batch.hi;
            subscriber.next(take(batch));
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

/** A hash of all deltas so far: equal in every run whose step has the same state, however its rows were batched. */
function createStateHash({ onState }: StepShape, restored: readonly unknown[]) {
  const running = createHash('sha256');
  let current = '';

  function add(upTo: number | null, values: readonly unknown[]): void {
    for (const value of values) running.update(`${JSON.stringify(value)}\n`);
    current = running.copy().digest('base64');
    onState?.({ upTo, hash: current });
  }

  add(null, restored);
  return {
    current: () => current,
    add: ({ hi }: Batch, deltas: readonly StateDelta[]): void =>
      add(
        hi,
        deltas.map(({ value }) => value),
      ),
  };
}
