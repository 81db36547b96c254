import type { RecordBatch } from 'apache-arrow';
import type { MonoTypeOperatorFunction } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { RowEvent } from './rowEvents.js';
import type { StepResult } from './stepResult.js';

/**
 * What flows: the surviving rows of the source positions [lo, hi). Consecutive batches touch
 * (`next.lo === prev.hi`); an empty batch still flows, because it moves the watermark.
 * `rows` has an int32 column `seq`, ascending, inside the range; after a step that multiplies rows also `seqIndex`,
 * ascending inside one seq.
 */
export interface Batch {
  readonly lo: number;
  readonly hi: number;
  readonly rows: RecordBatch;
  readonly events: readonly RowEvent[];
  /** What each step so far did to the rows, in step order; only in a run that caches it. */
  readonly stepResults?: readonly StepResult[];
}

export type BatchOperator = MonoTypeOperatorFunction<Batch>;

/** Window and watermark rest on tiling, so a batch out of place ends the run rather than corrupting it. */
export function assertTiles(expectedLo: number, batch: Batch, where: string): void {
  if (batch.lo === expectedLo && batch.hi >= batch.lo) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${where} received positions [${batch.lo}, ${batch.hi}), expected them to start at ${expectedLo}. ` +
      'An operator before it reordered, split or held batches: operators must keep `lo` and `hi` as they came.',
  );
}
