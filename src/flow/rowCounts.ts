import { ScaleQuestError } from '../errors.js';
import type { RowEvent, StateDelta } from './rowEvents.js';

/** Counts of row events: `step kind reason` → how many. A step's label has no spaces, so the kind is the second word. */

/** Rows that a step lost for one reason. */
export interface LostCount {
  /** The label of the step. */
  step: string;
  /** `dropped` by a decision of the step, or `rejected` by an error of the row. */
  kind: 'dropped' | 'rejected';
  /** A filter’s reason, or the code of an error. */
  reason: string;
  /** How many. */
  rows: number;
}

const MADE = 'made';
const LEFT_OUT = 'leftOut';

export function countEvents(events: readonly RowEvent[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) {
    if (event.kind === 'delta') continue;
    const { key, count } = countOf(event);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}

function countOf(event: Exclude<RowEvent, StateDelta>): { key: string; count: number } {
  const { kind, step } = event;
  if (kind === 'made') return { key: `${step} ${MADE} rows`, count: event.rows };
  return { key: `${step} ${kind} ${event.reason}`, count: kind === LEFT_OUT ? event.choices : 1 };
}

/** Adds `more` to `counts`, in place. */
export function addCounts(counts: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(more)) counts[key] = (counts[key] ?? 0) + count;
}

/** The rows that steps lost among what was counted. */
export function lostIn(counts: Readonly<Record<string, number>>): LostCount[] {
  return Object.entries(counts).flatMap(([key, rows]): LostCount[] => {
    const [step, kind, ...reason] = key.split(' ') as [string, string, ...string[]];
    return kind === 'dropped' || kind === 'rejected' ? [{ step, kind, reason: reason.join(' '), rows }] : [];
  });
}

/** Throws ERR_INVARIANT unless every row that went in, or was made, came out or was lost with a reason. */
export function assertRowsBalance(
  positions: number,
  kept: number,
  counts: Readonly<Record<string, number>>,
): void {
  let made = 0;
  let lost = 0;
  for (const [key, rows] of Object.entries(counts)) {
    const kind = key.split(' ')[1];
    if (kind === MADE) made += rows;
    else if (kind !== LEFT_OUT) lost += rows;
  }
  if (positions + made === kept + lost) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${positions} rows went in and ${made} were made, expected as many to come out, ` +
      `found ${kept} kept + ${lost} lost. An operator lost or doubled rows without saying so.`,
  );
}
