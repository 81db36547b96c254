import type { RecordBatch } from 'apache-arrow';
import type { Observable } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { AnyColumns, ColumnsAfter } from './columnTypes.js';
import type { Decision } from './decision.js';

/** The key under which types carry the columns; no value has it. */
export declare const COLUMNS: unique symbol;

/**
 * What flows: the surviving rows of the source positions [lo, hi). Consecutive batches touch
 * (`next.lo === prev.hi`); an empty batch still flows, because it moves the watermark.
 * `rows` has an int32 column `seq`, ascending, inside the range; after a step that multiplies rows also `seqIndex`,
 * ascending inside one seq. `Columns`: what the compiler knows of the columns in `rows`, as `{ question: string }`.
 */
export interface Batch<out Columns = AnyColumns> {
  readonly lo: number;
  readonly hi: number;
  readonly rows: RecordBatch;
  /** What happened to rows that are no longer here, and what stateful steps learnt: committed with the batch. */
  readonly side: readonly SideEntry[];
  /** What the steps decided that this batch has passed, in their order, where a run keeps that; see `decision.ts`. */
  readonly decided?: readonly Decision[];
  /** Exists for the compiler alone. */
  readonly [COLUMNS]?: Columns;
}

export type SideEntry = LostRow | MadeRows | LeftOut | Delta;

/** A row that ended here: dropped by a filter's decision, or rejected because something went wrong with it. */
export interface LostRow {
  kind: 'dropped' | 'rejected';
  seq: number;
  /** 0 before any step multiplied the rows. */
  seqIndex: number;
  step: string;
  /** A filter's reason (`duplicate`, `unsolvable` …) or an error code (`ROW_LENGTH` …). */
  reason: string;
  message: string;
  question: string | null;
}

/** A step made several rows of row `seq`. */
export interface MadeRows {
  kind: 'made';
  seq: number;
  step: string;
  /** More than there were: one less than the rows that came of it. */
  rows: number;
}

/** Some of the replies about row `seq` could not be used; it went on with the others. */
export interface LeftOut {
  kind: 'leftOut';
  seq: number;
  step: string;
  /** An error code (`ROW_LENGTH` …). */
  reason: string;
  choices: number;
}

/** What a stateful step learnt from row `seq`; plain JSON, so that it can be folded again after a restart. */
export interface Delta {
  kind: 'delta';
  seq: number;
  step: string;
  value: unknown;
}

/**
 * An RxJS operator over batches. It needs the columns `Reads` and adds the columns `Writes`, so that a pipe in which no step
 * before it writes what it reads does not compile.
 *
 * @example
 * type AddsWords = BatchOperator<{ question: string }, { words: number }>;
 */
export interface BatchOperator<in Reads = AnyColumns, out Writes = AnyColumns> {
  <Columns extends Reads>(
    source: Observable<Batch<Columns>>,
  ): Observable<Batch<ColumnsAfter<Columns, Writes>>>;
  /** Exists for the compiler alone, which would otherwise compare two operators without looking at their columns. */
  readonly [COLUMNS]?: (reads: Reads) => Writes;
}

/** The bound and the watermark rest on tiling, so a batch out of place ends the run rather than corrupting it. */
export function assertTiles(expectedLo: number, batch: Batch, where: string): void {
  if (batch.lo === expectedLo && batch.hi >= batch.lo) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${where} received positions [${batch.lo}, ${batch.hi}), expected them to start at ${expectedLo}. ` +
      'An operator before it reordered, split or held batches: operators must keep `lo` and `hi` as they came.',
  );
}
