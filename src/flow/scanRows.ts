import { createHash } from 'node:crypto';
import { Observable } from 'rxjs';
import { type Batch, type BatchOperator, type Delta, type SideEntry, assertTiles } from './batch.js';
import { isDecided } from './decision.js';
import type { Column } from '../arrow/columnType.js';
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

/** A step with memory. Only `apply` changes the state, so that folding the committed deltas gives it back. */
export interface Scan<State, Learnt, SeenRow = Row, Written = Values> {
  /** Null for a step that remembers nothing, and learns for its figures alone. */
  init: () => State;
  /** Decides one row from the state; `learn` is what the state gains by it. */
  decide: (state: State, row: SeenRow) => { outcome: Outcome<Written>; learn?: Learnt };
  apply: (state: State, learnt: Learnt) => void;
}

/**
 * An operator that decides row by row, in order, with a memory of the rows before. The memory belongs to the subscription: two
 * subscriptions never share one.
 *
 * @param shape - The step's name and the columns that it reads and writes; the types of `row` and of what `keep` takes follow from it.
 * @param scan - The memory, the decision, and what the memory gains by it. A RowError that `decide` throws rejects the row; any
 * other error ends the stream.
 * @param restored - What earlier commits of the same run hold of this step, in order; nothing for a new run.
 * @returns An operator for `source.pipe(…)`. The stream ends with ERR_PIPELINE_COLUMN if a column of `reads` does not reach it.
 * @example
 * const firstOfEach = scanRows(
 *   { step: 'firstOfEach', reads: { topic: 'string' }, writes: [] },
 *   {
 *     init: () => new Set<string>(),
 *     decide: (seen, { topic }) => (seen.has(topic) ? { outcome: drop('seen') } : { outcome: KEEP, learn: topic }),
 *     apply: (seen, topic: string) => void seen.add(topic),
 *   },
 * );
 */
export function scanRows<
  State,
  Learnt,
  const Reads extends ColumnTypes,
  const Writes extends readonly Column[],
  const Lacking extends string = never,
>(
  shape: StepShape<Reads, Writes, Lacking>,
  scan: Scan<State, Learnt, RowOf<Reads, Lacking>, ValuesOf<Writes>>,
  restored: readonly NoInfer<Learnt>[] = [],
): BatchOperator<ColumnsRead<Reads>, ColumnsWritten<Writes>> {
  return scanUntyped(shape, scan as Scan<State, Learnt>, restored);
}

function scanUntyped<State, Learnt>(
  shape: StepShape,
  scan: Scan<State, Learnt>,
  restored: readonly Learnt[],
): BatchOperator {
  return (source) =>
    new Observable((subscriber) => {
      const state = scan.init();
      // Of rows decided before: folded when a row is to be decided, which may never be.
      let unfolded: Learnt[] = [...restored];
      const memory = shape.at === undefined || state === null ? null : createMemory(shape, restored);
      let expectedLo: number | null = null;

      function fold(): void {
        for (const learnt of unfolded) scan.apply(state, learnt);
        unfolded = [];
      }

      function take(batch: Batch): Batch {
        if (isDecided(batch, shape.at)) {
          const deltas = batch.side.filter(isOwn);
          for (const { value } of deltas) unfolded.push(value as Learnt);
          memory?.add(batch, deltas);
          return batch;
        }
        fold();
        const deltas: Delta[] = [];
        const outcomes = readRows(batch, shape).map((row) => decideRow(row, deltas));
        const learnt = memory?.learnt();
        memory?.add(batch, deltas);
        return applyOutcomes(batch, shape, outcomes, { deltas, learnt });
      }

      function isOwn(entry: SideEntry): entry is Delta {
        return entry.kind === 'delta' && entry.step === shape.step;
      }

      function decideRow(row: Row, deltas: Delta[]): Outcome {
        const incomplete = rejectIfIncomplete(row, shape);
        if (incomplete) return incomplete;
        try {
          const { outcome, learn } = scan.decide(state, row);
          if (learn === undefined) return outcome;
          scan.apply(state, learn);
          deltas.push({ kind: 'delta', seq: row.seq, step: shape.step, value: learn });
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

/** A hash of all that a step has learnt: the same in every run that has learnt the same, however its rows were batched. */
function createMemory({ onLearnt }: StepShape, restored: readonly unknown[]) {
  const hash = createHash('sha256');
  let learnt = '';

  function add(upTo: number | null, values: readonly unknown[]): void {
    for (const value of values) hash.update(`${JSON.stringify(value)}\n`);
    learnt = hash.copy().digest('base64');
    onLearnt?.({ upTo, learnt });
  }

  add(null, restored);
  return {
    learnt: () => learnt,
    add: ({ hi }: Batch, deltas: readonly Delta[]): void =>
      add(
        hi,
        deltas.map(({ value }) => value),
      ),
  };
}
