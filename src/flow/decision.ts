import type { RecordBatch } from 'apache-arrow';
import type { ErrorCode } from '../errors.js';
import type { Batch, SideEntry } from './batch.js';

/**
 * What one step did to the rows of a batch: enough to do it again without deciding anything. A run with a store keeps the
 * decisions on each stretch of its source, so that the same steps on the same rows need not decide them twice.
 */
export interface Decision {
  rowsIn: number;
  /** Of each row that came out, in order, the place of the row that it was made of. */
  from: readonly number[];
  /** The columns that the step wrote, a row for each in `from`; null where it writes none. */
  written: RecordBatch | null;
  /** What the step added to the batch's side. */
  side: readonly SideEntry[];
  /** Whether it also rests on rows before these. */
  hasMemory?: boolean;
}

/**
 * Of a run so far: the first step that lost a row, or a choice of it, for a reason that may not come again; Infinity for none.
 * A step with memory behind it does not know that row, so what it decides from then on is this run's alone.
 */
export interface History {
  failedAt: number;
}

/** How many of the decisions, from the first on, are any run's. */
export function countShared(decisions: readonly Decision[], { failedAt }: History): number {
  const own = decisions.findIndex(({ hasMemory }, step) => hasMemory === true && step >= failedAt);
  return own < 0 ? decisions.length : own;
}

/** Stands in a batch for a decision that was recalled, and is applied. */
export const RECALLED: Decision = { rowsIn: 0, from: [], written: null, side: [] };

/** Whether the step at that place has nothing to decide: it was recalled what it decided before. */
export function isDecided({ decided = [] }: Batch, at: number | undefined): boolean {
  return at !== undefined && decided.length > at;
}

/** The batch's decisions with that of the step at `at`; undefined where the run keeps none from there on. */
export function withDecision(
  { decided = [] }: Batch,
  at: number | undefined,
  decision: Decision,
): readonly Decision[] | undefined {
  if (at === undefined) return undefined;
  if (decided.length !== at || !decision.side.every(isLasting)) return decided;
  return [...decided, decision];
}

/** Codes that follow from a row and from replies that the store has. What a server or a deadline refused may go well another time. */
const LASTING: readonly string[] = [
  'ROW_EMPTY',
  'ROW_LENGTH',
  'ROW_REPETITION',
  'ROW_UNCLEAR',
  'ROW_VALUE_MISSING',
  'ROW_LISTS_DIFFER',
] satisfies ErrorCode[];

export function isLastingReason(kind: string, reason: string): boolean {
  return (kind !== 'rejected' && kind !== 'leftOut') || LASTING.includes(reason);
}

function isLasting(entry: SideEntry): boolean {
  return !('reason' in entry) || isLastingReason(entry.kind, entry.reason);
}
