import { applyOutcomes, readRows } from './applyOutcomes.js';
import type { BatchOperator } from '../batch.js';
import type { Row } from './columnTypes.js';
import { orderedMap } from '../orderedMap.js';
import { type Decide, type Outcome, type StepShape, rejectIfIncomplete, rejectOrThrow } from './outcome.js';
import { type RowTally, createRowTally } from './rowTally.js';
import { hasStepResult } from '../stepResults/stepResult.js';
import { ROWS_A_TURN, forEachInTurns } from '../turns.js';

/** `mapRows`, without the types of its columns. */
export function mapBatches(shape: StepShape, decide: Decide): BatchOperator {
  return orderedMap(shape.step, (batch, isStopped) => {
    if (hasStepResult(batch.stepResults, shape.at)) return batch;
    const screened = shape.screen?.(batch.rows);
    const rows = readRows(batch, shape);
    const tally = shape.onCounts && createRowTally(shape.onCounts, isStopped);
    const decided = decideRows(
      rows.length,
      (at) => screened?.[at] ?? decideRow(shape, decide, rows[at]!, tally),
      isStopped,
      tally,
    );
    if (!(decided instanceof Promise)) return applyOutcomes(batch, shape, decided);
    // What the tally has told is not told again.
    const untold = { ...shape, onCounts: tally?.tellRest };
    return decided.then((outcomes) => (isStopped() ? batch : applyOutcomes(batch, untold, outcomes)));
  });
}

/** A synchronous step has decided a small batch when this returns: it goes on at once. */
function decideRows(
  count: number,
  decideAt: (at: number) => Promise<Outcome> | Outcome,
  isStopped: () => boolean,
  tally: RowTally | undefined,
): Promise<Outcome[]> | Outcome[] {
  const decided: (Promise<Outcome> | Outcome)[] = [];
  const all = (): Promise<Outcome[]> | Outcome[] => {
    if (!decided.some(isPromise)) return decided as Outcome[];
    for (const outcome of decided) if (!isPromise(outcome)) tally?.tell(outcome);
    return Promise.all(decided as Promise<Outcome>[]);
  };
  if (count <= ROWS_A_TURN) {
    for (let at = 0; at < count; at++) decided.push(decideAt(at));
    return all();
  }
  return new Promise((resolve, reject) => {
    const decideNext = (at: number): void => {
      const outcome = decideAt(at);
      // What ends the stream ends it at once, also while other rows wait for their turn.
      if (isPromise(outcome)) outcome.catch(reject);
      decided.push(outcome);
    };
    forEachInTurns(count, decideNext, isStopped).then(all).then(resolve, reject);
  });
}

function decideRow(
  shape: StepShape,
  decide: Decide,
  row: Row,
  tally: RowTally | undefined,
): Promise<Outcome> | Outcome {
  try {
    const decided = rejectIfIncomplete(row, shape) ?? decide(row);
    if (!isPromise(decided)) return decided;
    return tally
      ? Promise.resolve(decided).then(tally.tell, (error) => tally.tell(rejectOrThrow(error)))
      : Promise.resolve(decided).catch(rejectOrThrow);
  } catch (error) {
    return rejectOrThrow(error);
  }
}

function isPromise(decided: Promise<Outcome> | Outcome): decided is Promise<Outcome> {
  return 'then' in decided;
}
