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
  /** Of a step with memory: a hash of what it had learnt before these rows, on which this rests too. */
  learnt?: string | undefined;
  /** Of one that was recalled, and is applied: what its record is known by. Nothing else is in it. */
  link?: string;
}

/** Stands in a batch for a decision that was recalled. */
export function recalled(link: string): Decision {
  return { rowsIn: 0, from: [], written: null, side: [], link };
}

export function isRecalled(decision: Decision | undefined): boolean {
  return decision?.link !== undefined;
}

/** What a step with memory has learnt of the rows below `upTo`, as a hash; null where it has met no batch yet. */
export interface Memory {
  upTo: number | null;
  learnt: string;
}

/** Whether the step at that place has nothing to decide: it was recalled what it decided before. */
export function isDecided({ decided = [] }: Batch, at: number | undefined): boolean {
  return at !== undefined && decided.length > at;
}

/**
 * The batch's decisions with that of the step at `at`, where all before are there and this one is for good; `at` is
 * undefined for a step whose decisions nobody keeps.
 */
export function withDecision(
  { decided }: Batch,
  at: number | undefined,
  decision: Decision,
  mayDiffer = false,
): readonly Decision[] | undefined {
  if (at === undefined) return decided;
  if ((decided ?? []).length !== at || mayDiffer || !decision.side.every(isLasting)) return decided ?? [];
  return [...(decided ?? []), decision];
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

function isLasting(entry: SideEntry): boolean {
  if (entry.kind !== 'rejected' && entry.kind !== 'leftOut') return true;
  return LASTING.includes(entry.reason);
}
