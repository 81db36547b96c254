import { createHash } from 'node:crypto';
import { Observable } from 'rxjs';
import { type Batch, type BatchOperator, type Delta, type SideEntry, assertTiles } from './batch.js';
import { isDecided } from './decision.js';
import {
  type Outcome,
  type Row,
  type StepShape,
  applyOutcomes,
  readRows,
  rejectIfIncomplete,
  rejectOrThrow,
} from './outcome.js';

/** A step with memory. Only `apply` changes the state, so that folding the committed deltas gives it back. */
export interface Scan<State, Learnt> {
  /** Null for a step that remembers nothing, and learns for its figures alone. */
  init: () => State;
  /** Decides one row from the state; `learn` is what the state gains by it. */
  decide: (state: State, row: Row) => { outcome: Outcome; learn?: Learnt };
  apply: (state: State, learnt: Learnt) => void;
}

/**
 * Synchronous, in order, stateful. `restored` are the deltas of this step that earlier commits of the run hold.
 * The state lives in the subscription: two subscriptions never share one.
 */
export function scanRows<State, Learnt>(
  shape: StepShape,
  scan: Scan<State, Learnt>,
  restored: readonly Learnt[] = [],
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
