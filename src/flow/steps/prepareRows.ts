import type { Observable } from 'rxjs';
import type { Batch } from '../batch.js';
import { orderedMap } from '../orderedMap.js';
import { hasStepResult } from '../stepResults/stepResult.js';
import { ROWS_A_TURN, forEachInTurns } from '../turns.js';
import { readRows } from './applyOutcomes.js';
import type { Row } from './columnTypes.js';
import { type Outcome, type StepShape, rejectIfIncomplete, rejectOrThrow } from './outcome.js';

/** A row of a stateful step, and what was waited for; `outcome` where it is decided already. */
export interface PreparedRow {
  row: Row;
  value?: unknown;
  outcome?: Outcome;
}

/** A batch and its rows; none where its step result was replayed, and nothing has to be decided. */
export interface PreparedBatch {
  batch: Batch;
  rows: readonly PreparedRow[];
}

/**
 * Waits, for the rows of all batches at once, for what a stateful step needs before it decides them one after the other. Batches keep
 * their order.
 */
export function prepareRows(
  shape: StepShape,
  prepare: (row: Row) => Promise<unknown>,
): (source: Observable<Batch>) => Observable<PreparedBatch> {
  return orderedMap<PreparedBatch>(shape.step, async (batch, isStopped) => {
    if (hasStepResult(batch.stepResults, shape.at)) return { batch, rows: [] };
    const screened = shape.screen?.(batch.rows);
    const rows = readRows(batch, shape);
    const started: Promise<PreparedRow>[] = [];
    const start = (at: number): void => {
      const outcome = screened?.[at] ?? rejectIfIncomplete(rows[at]!, shape);
      const one = outcome ? Promise.resolve({ row: rows[at]!, outcome }) : prepareRow(prepare, rows[at]!);
      // Its failure ends the stream when all have started.
      one.catch(() => {});
      started.push(one);
    };
    if (rows.length > ROWS_A_TURN) await forEachInTurns(rows.length, start, isStopped);
    else rows.forEach((_, at) => start(at));
    return { batch, rows: await Promise.all(started) };
  });
}

async function prepareRow(prepare: (row: Row) => Promise<unknown>, row: Row): Promise<PreparedRow> {
  try {
    return { row, value: await prepare(row) };
  } catch (error) {
    return { row, outcome: rejectOrThrow(error) };
  }
}
