import { createHash } from 'node:crypto';
import { Observable } from 'rxjs';
import { applyOutcomes, readRows } from './applyOutcomes.js';
import { type Batch, type BatchOperator, assertTiles } from '../batch.js';
import type { Row } from './columnTypes.js';
import { type Outcome, type Scan, type StepShape, rejectIfIncomplete, rejectOrThrow } from './outcome.js';
import { type StateDelta, isDelta } from '../rowEvents.js';
import { hasStepResult } from '../stepResults/stepResult.js';

/** `scanRows`, without the types of its columns. */
export function scanBatches<State, Delta>(
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
        const screened = shape.screen?.(batch.rows);
        const outcomes = readRows(batch, shape).map((row, at) => screened?.[at] ?? decideRow(row, deltas));
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
