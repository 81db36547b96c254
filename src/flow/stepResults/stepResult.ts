import type { RecordBatch } from 'apache-arrow';
import type { RowEvent } from '../rowEvents.js';

/**
 * What one step did to the rows of a batch: enough to do it again without running the step. A run with a store caches the
 * results for each segment of its source, so that the same steps need not run twice on the same rows.
 */
export interface StepResult {
  rowsIn: number;
  /** For each row that came out, in order, the index of the input row that it was made of. */
  from: readonly number[];
  /** The columns that the step wrote, a row for each in `from`; null where it writes none. */
  written: RecordBatch | null;
  /** The events that the step added to the batch. */
  events: readonly RowEvent[];
  /** Of a stateful step: a hash of its state before these rows. The result holds only for that state. */
  stateBefore?: string | undefined;
  /** The step could decide otherwise about one of the rows another time: neither this result nor those behind it last. */
  mayDiffer?: true;
  /** Of a replayed result: the link of its cached record. The other fields are empty, since the rows have them applied. */
  link?: string;
}

/** Stands in a batch for a result that came from the cache. */
export function replayed(link: string): StepResult {
  return { rowsIn: 0, from: [], written: null, events: [], link };
}

export function isReplayed(result: StepResult | undefined): boolean {
  return result?.link !== undefined;
}

/** The state of a stateful step after the rows below `upTo`, as a hash; `upTo` is null before its first batch. */
export interface StepState {
  upTo: number | null;
  /** A promise while the state of earlier commits is being restored. */
  hash: string | Promise<string>;
}

/** Whether the step at index `at` has nothing to do, because its result was replayed from the cache. */
export function hasStepResult(results: readonly StepResult[] | undefined, at: number | undefined): boolean {
  return at !== undefined && results !== undefined && results.length > at;
}

/**
 * The batch's results with that of the step at index `at`; a gap ends them. `at` is undefined where the run caches none;
 * `mayDiffer`: the step could decide otherwise about a row another time.
 */
export function withStepResult(
  results: readonly StepResult[] | undefined,
  at: number | undefined,
  result: StepResult,
  mayDiffer = false,
): readonly StepResult[] | undefined {
  if (at === undefined) return results;
  const before = results ?? [];
  if (before.length !== at) return before;
  return [...before, mayDiffer ? { ...result, mayDiffer } : result];
}

/** The first results, up to one that may differ another time. */
export function lastingResults(results: readonly StepResult[]): readonly StepResult[] {
  const end = results.findIndex((result) => result.mayDiffer);
  return end < 0 ? results : results.slice(0, end);
}
