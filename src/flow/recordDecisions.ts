import { concatMap, finalize } from 'rxjs';
import { concatRows } from '../arrow/concat.js';
import type { Batch, BatchOperator } from './batch.js';
import { type Decision, isRecalled } from './decision.js';

/** Keeps what the first so many steps decided about the rows from `lo` on. */
export type KeepDecisions = (lo: number, decisions: readonly Decision[]) => Promise<void>;

/**
 * Behind the last step: gathers what was decided up to each multiple of `stretchRows`, or to the end, and hands it on. Batches
 * pass at once, but for one that ends a stretch while the stretch before is not kept yet, so that no more than one waits.
 * The last stretch is handed on when the stream ends; nobody waits for it.
 */
export function recordDecisions(stretchRows: number, keep: KeepDecisions): BatchOperator {
  let gathered: Batch[] = [];
  let keeping: Promise<void> = Promise.resolve();

  function gather(batch: Batch): void {
    // Its rows have gone on, and need not be held.
    gathered.push({ ...batch, rows: batch.rows.slice(0, 0), side: [] });
  }

  /** Waits for what is being kept, not for what it hands on now. */
  async function keepGathered(): Promise<void> {
    const [first] = gathered;
    if (!first) return;
    const decisions = joinBatches(gathered);
    gathered = [];
    if (decisions.every(isRecalled)) return;
    await keeping;
    keeping = keep(first.lo, decisions);
    // Whoever comes next hears of it; at the end the store does.
    keeping.catch(() => {});
  }

  return (source) =>
    source.pipe(
      concatMap(async (batch) => {
        const isStretch = isRecalled(batch.decided?.[0]);
        // What was recalled is a stretch by itself, which later steps may have added to.
        if (isStretch) await keepGathered();
        gather(batch);
        if (isStretch || batch.hi % stretchRows === 0) await keepGathered();
        return batch;
      }),
      finalize(() => void keepGathered().catch(() => {})),
    );
}

/** Of the steps that decided every batch for good. */
function joinBatches(batches: readonly Batch[]): Decision[] {
  const steps = Math.min(...batches.map(({ decided = [] }) => decided.length));
  return Array.from({ length: steps }, (_, step) =>
    joinDecisions(batches.map(({ decided }) => decided![step]!)),
  );
}

function joinDecisions(parts: readonly Decision[]): Decision {
  if (parts.length === 1) return parts[0]!;
  const from: number[] = [];
  let rowsIn = 0;
  for (const part of parts) {
    for (const place of part.from) from.push(rowsIn + place);
    rowsIn += part.rowsIn;
  }
  const written = parts.flatMap((part) => part.written ?? []);
  return {
    ...{ rowsIn, from },
    written: written.length > 0 ? concatRows(written) : null,
    side: parts.flatMap(({ side }) => side),
    learnt: parts[0]!.learnt,
  };
}
