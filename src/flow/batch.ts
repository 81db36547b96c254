import type { RecordBatch } from 'apache-arrow';
import type { Observable } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { AnyColumns, ColumnsAfter, ColumnsNeeded } from './steps/columnTypes.js';
import type { RowEvent } from './rowEvents.js';
import type { StepResult } from './stepResults/stepResult.js';

/** The key under which types carry the columns; no value has it. */
export declare const COLUMNS: unique symbol;

/**
 * What flows: the surviving rows of the source positions [lo, hi). Consecutive batches touch
 * (`next.lo === prev.hi`); an empty batch still flows, because it moves the watermark.
 * `rows` has an int32 column `seq`, ascending, inside the range; after a step that multiplies rows also `seqIndex`,
 * ascending inside one seq. `Columns`: what the compiler knows of the columns in `rows`, as `{ question: string }`.
 */
export interface Batch<out Columns = AnyColumns> {
  /** The first source position of the batch. */
  readonly lo: number;
  /** The source position behind its last one. */
  readonly hi: number;
  /** The rows that are still in it, as Arrow columns. */
  readonly rows: RecordBatch;
  /** What happened to rows that are no longer here, and how stateful steps changed: committed with the batch. */
  readonly events: readonly RowEvent[];
  /** What each step so far did to the rows, in step order; only in a run that caches it. */
  readonly stepResults?: readonly StepResult[];
  /** Exists for the compiler alone. */
  readonly [COLUMNS]?: Columns;
}

/**
 * An RxJS operator over batches. It needs the columns `Reads` and adds the columns `Writes`, so that a pipe in which no step
 * before it writes what it reads does not compile.
 *
 * @example
 * type AddsWords = BatchOperator<{ question: string }, { words: number }>;
 */
export interface BatchOperator<in Reads = AnyColumns, out Writes = AnyColumns> {
  <Columns extends ColumnsNeeded<Reads>>(
    source: Observable<Batch<Columns>>,
  ): Observable<Batch<ColumnsAfter<Columns, Writes>>>;
  /** Exists for the compiler alone, which would otherwise compare two operators without looking at their columns. */
  readonly [COLUMNS]?: (reads: Reads) => Writes;
}

/** Window and watermark rest on tiling, so a batch out of place ends the run rather than corrupting it. */
export function assertTiles(expectedLo: number, batch: Batch, where: string): void {
  if (batch.lo === expectedLo && batch.hi >= batch.lo) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${where} received positions [${batch.lo}, ${batch.hi}), expected them to start at ${expectedLo}. ` +
      'An operator before it reordered, split or held batches: operators must keep `lo` and `hi` as they came.',
  );
}
