import { concatMap, finalize } from 'rxjs';
import { concatRows } from '../../arrow/concat.js';
import type { Batch, BatchOperator } from '../batch.js';
import { type StepResult, isReplayed, lastingResults } from './stepResult.js';

/** Stores the results of the first steps on the segment that begins at `lo`; resolves when they are durable. */
export type PutStepResults = (lo: number, results: readonly StepResult[]) => Promise<void>;

/**
 * Stands behind the last step: gathers the step results of each segment of `segmentRows` source positions and stores them.
 * Batches pass at once. Only one that ends a segment waits, while the segment before is not stored yet, so that at most one
 * segment is in flight. The last one is stored when the stream ends; nobody waits for it here.
 */
export function cacheStepResults(segmentRows: number, put: PutStepResults): BatchOperator {
  let gathered: Batch[] = [];
  let storing: Promise<void> = Promise.resolve();

  function gather(batch: Batch): void {
    // Its rows have gone on and need not be held.
    const stepResults = lastingResults(batch.stepResults ?? []);
    gathered.push({ ...batch, rows: batch.rows.slice(0, 0), events: [], stepResults });
  }

  /** Waits for the segment that is being stored, not for the one that it starts to store. */
  async function putGathered(): Promise<void> {
    const [first] = gathered;
    if (!first) return;
    const results = joinBatches(gathered);
    gathered = [];
    if (results.every(isReplayed)) return;
    await storing;
    storing = put(first.lo, results);
    // The next segment awaits it; at the end, closing the store does.
    storing.catch(() => {});
  }

  return (source) =>
    source.pipe(
      concatMap(async (batch) => {
        const isSegment = isReplayed(batch.stepResults?.[0]);
        // A replayed batch is a segment by itself, to which later steps may have added results.
        if (isSegment) await putGathered();
        gather(batch);
        if (isSegment || batch.hi % segmentRows === 0) await putGathered();
        return batch;
      }),
      finalize(() => void putGathered().catch(() => {})),
    );
}

/** Results of those steps that have one for every batch. */
function joinBatches(batches: readonly Batch[]): StepResult[] {
  const steps = Math.min(...batches.map(({ stepResults = [] }) => stepResults.length));
  return Array.from({ length: steps }, (_, step) =>
    joinStepResults(batches.map(({ stepResults }) => stepResults![step]!)),
  );
}

function joinStepResults(parts: readonly StepResult[]): StepResult {
  if (parts.length === 1) return parts[0]!;
  const from: number[] = [];
  let rowsIn = 0;
  for (const part of parts) {
    for (const row of part.from) from.push(rowsIn + row);
    rowsIn += part.rowsIn;
  }
  const written = parts.flatMap((part) => part.written ?? []);
  return {
    ...{ rowsIn, from },
    written: written.length > 0 ? concatRows(written) : null,
    events: parts.flatMap(({ events }) => events),
    stateBefore: parts[0]!.stateBefore,
  };
}
