import { type Observable, concatMap, defer, finalize, map } from 'rxjs';
import { applyOutcomes, readRows } from './applyOutcomes.js';
import { type Batch, type BatchOperator, assertTiles } from '../batch.js';
import type { CommittedDeltas } from '../committedDeltas.js';
import type { Row } from './columnTypes.js';
import { type PreparedRow, prepareRows } from './prepareRows.js';
import { type Outcome, type Scan, type StepShape, rejectIfIncomplete, rejectOrThrow } from './outcome.js';
import { type StateDelta, isDelta } from '../rowEvents.js';
import { createScanState } from './scanState.js';
import { hasStepResult } from '../stepResults/stepResult.js';
import { ROWS_A_TURN, forEachInTurns } from '../turns.js';

/** `scanRows`, without the types of its columns. */
export function scanBatches<State, Delta>(
  shape: StepShape,
  scan: Scan<State, Delta>,
  committed: CommittedDeltas | undefined,
): BatchOperator {
  return (source) =>
    defer(() => {
      const own = createScanState(shape, scan, committed);
      let expectedLo: number | null = null;
      let isStopped = false;

      function stop(): void {
        isStopped = true;
        own.stop();
      }

      function take(batch: Batch, prepared: readonly PreparedRow[] | null): Batch | Promise<Batch> {
        assertTiles(expectedLo ?? batch.lo, batch, shape.step);
        expectedLo = batch.hi;
        if (hasStepResult(batch.stepResults, shape.at)) {
          const deltas = batch.events.filter(isDelta).filter(({ step }) => step === shape.step);
          const passing = own.addReplayed(batch.hi, deltas);
          return passing ? passing.then(() => batch) : batch;
        }
        const catchingUp = own.catchUp();
        return catchingUp ? catchingUp.then(() => decide(batch, prepared)) : decide(batch, prepared);
      }

      function decide(batch: Batch, prepared: readonly PreparedRow[] | null): Batch | Promise<Batch> {
        const deltas: StateDelta[] = [];
        const outcomes: Outcome[] = [];
        const screened = prepared ? null : shape.screen?.(batch.rows);
        const rows = prepared ? prepared.map(({ row }) => row) : readRows(batch, shape);
        const decideAt = (at: number): void => {
          const { outcome, value } = prepared?.[at] ?? { outcome: screened?.[at], value: undefined };
          outcomes.push(outcome ?? decideRow(shape, scan, own.state, rows[at]!, value, deltas));
        };
        if (rows.length > ROWS_A_TURN)
          return forEachInTurns(rows.length, decideAt, () => isStopped).then(() =>
            isStopped ? batch : decided(batch, outcomes, deltas),
          );
        rows.forEach((_, at) => decideAt(at));
        return decided(batch, outcomes, deltas);
      }

      function decided(batch: Batch, outcomes: readonly Outcome[], deltas: readonly StateDelta[]): Batch {
        const stateBefore = own.hash();
        own.addDecided(batch.hi, deltas);
        return applyOutcomes(batch, shape, outcomes, { deltas, stateBefore });
      }

      const { prepare } = scan;
      const prepared: Observable<{ batch: Batch; rows: readonly PreparedRow[] | null }> = prepare
        ? source.pipe(prepareRows(shape, prepare))
        : source.pipe(map((batch) => ({ batch, rows: null })));
      return prepared.pipe(
        // A batch that need not wait goes on at once.
        concatMap(({ batch, rows }) => {
          const taken = take(batch, rows);
          return taken instanceof Promise ? taken : [taken];
        }),
        finalize(stop),
      );
    });
}

function decideRow<State, Delta>(
  shape: StepShape,
  scan: Scan<State, Delta>,
  state: State,
  row: Row,
  prepared: unknown,
  deltas: StateDelta[],
): Outcome {
  const incomplete = rejectIfIncomplete(row, shape);
  if (incomplete) return incomplete;
  try {
    const { outcome, delta } = scan.decide(state, row, prepared as undefined);
    if (delta === undefined) return outcome;
    scan.apply(state, delta);
    deltas.push({ kind: 'delta', seq: row.seq, step: shape.step, value: delta });
    return outcome;
  } catch (error) {
    return rejectOrThrow(error);
  }
}
