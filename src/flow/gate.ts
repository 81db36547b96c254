import './steps/loadStepStreams.js';
import type { RecordBatch } from 'apache-arrow';
import { Observable } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { Batch, COLUMNS } from './batch.js';
import type { Pause } from './pause.js';
import type { AnyColumns } from './steps/columnTypes.js';

/** Reads the rows of the next source positions: at most `rowsMax` of them, numbered from `lo`; null at the end. */
export type ReadRows<Columns = AnyColumns> = (
  lo: number,
  rowsMax: number,
) => Promise<SourceRows<Columns> | null> | SourceRows<Columns> | null;

/** Rows of a source; what the compiler knows of their columns stands in `Columns` alone. */
export type SourceRows<Columns> = RecordBatch & Pick<Batch<Columns>, typeof COLUMNS>;

export interface GateOptions {
  /** How far the source may run ahead of the watermark, in rows: the one bound on everything in memory. */
  windowRows: number;
  batchRows: number;
  /** First position, where a resumed run goes on. */
  from?: number;
  /** End after this many positions. */
  limit?: number | undefined;
  /** End after this many kept rows; the source slows down as the expected remainder shrinks. */
  target?: number | undefined;
  /** No batch crosses a multiple of this, wherever the run began: step results are cached by such segments. */
  segmentRows?: number;
  /** While it is paused the gate releases no credit: rows in flight go on, and none is read. */
  pause?: Pause | undefined;
}

type Found = { rows: number; isComplete: boolean } | 'tooEarly' | null;

/** Source of batches whose step results are cached. */
export interface Replay {
  /**
   * What is cached for the positions from `lo` on: how many rows, at most `rowsMax`, and whether that includes every step;
   * null for nothing, `tooEarly` where that cannot be told before all rows below `lo` are delivered.
   */
  find(lo: number, rowsMax: number): Promise<Found> | Found;
  /** The batch that was found at `lo`. */
  read(lo: number): Promise<Batch>;
}

/**
 * Credit-based flow control: the source acquires a credit for each position, and only the sink releases it, so that no step in
 * between can leak one.
 */
export interface Gate {
  source(read: ReadRows, replay?: Replay): Observable<Batch>;
  /** Everything below `hi` has reached the writer; `kept` rows of it were kept in all. */
  delivered(hi: number, kept: number): void;
  readonly issued: number;
  readonly watermark: number;
}

const MAX = Number.MAX_SAFE_INTEGER;

export function createGate(options: GateOptions): Gate {
  const { windowRows, batchRows, from = 0, limit = MAX, target, segmentRows = MAX, pause } = options;
  let [issued, requestedTo, watermark] = [from, from, from];
  let kept = 0;
  let wake = (): void => {};
  pause?.onChange(() => wake());

  function openTo(): number {
    if (pause?.isPaused) return issued;
    const demandRows = target === undefined ? windowRows : rowsFor(target - kept, kept, watermark - from);
    return Math.min(limit, watermark + Math.max(batchRows, Math.min(windowRows, demandRows)));
  }

  function source(read: ReadRows, replay?: Replay): Observable<Batch> {
    return new Observable<Batch>((subscriber) => {
      let pumping = false;
      // Whoever wakes it while it looks for the next batch must be heard.
      let woken = false;
      wake = () => {
        woken = true;
        queueMicrotask(() => void pump());
      };
      wake();
      return () => {
        wake = () => {};
      };

      async function pump(): Promise<void> {
        if (pumping) return;
        pumping = true;
        try {
          while (!subscriber.closed && issued < openTo()) {
            woken = false;
            const state = { issued, watermark, requestedTo, openTo: openTo(), limit };
            const next = await nextBatch({ ...state, windowRows, batchRows, segmentRows }, read, replay);
            if (next === null) return subscriber.complete();
            if (next === 'wait' && woken) continue;
            if (next === 'wait') return;
            issued = next.batch.hi;
            if (!next.isComplete) requestedTo = issued;
            subscriber.next(next.batch);
          }
          if (issued >= limit) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
        }
      }
    });
  }

  function delivered(hi: number, keptInAll: number): void {
    if (hi < watermark || hi > issued) throw misdelivered(hi, watermark, issued);
    watermark = hi;
    kept = keptInAll;
    wake();
  }

  return {
    source,
    delivered,
    get issued() {
      return issued;
    },
    get watermark() {
      return watermark;
    },
  };
}

function misdelivered(hi: number, watermark: number, issued: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `the sink reported positions up to ${hi} as delivered, expected a number from ${watermark} to ${issued}`,
  );
}

/**
 * Positions still needed to keep `left` rows, when `kept` of `passed` rows were kept so far: the expected number plus two
 * standard deviations, or a guess before any was kept. Waste depends on it, never output.
 */
function rowsFor(left: number, kept: number, passed: number): number {
  const wanted = Math.max(0, left);
  if (kept === 0) return 8 * wanted + passed;
  return Math.ceil(((wanted + 2 * Math.sqrt(wanted)) * passed) / kept);
}

interface GateState {
  issued: number;
  watermark: number;
  /** End of the last batch that has steps left to run. */
  requestedTo: number;
  /** End of the demand. */
  openTo: number;
  limit: number;
  windowRows: number;
  batchRows: number;
  segmentRows: number;
}

/**
 * The next batch; null at the source's end; `wait` when cached results are to be used but cannot be yet: the window is too
 * full for them, or they depend on batches that are still in flight.
 */
async function nextBatch(
  state: GateState,
  read: ReadRows,
  replay: Replay | undefined,
): Promise<{ batch: Batch; isComplete: boolean } | null | 'wait'> {
  const { issued, watermark, requestedTo, openTo, limit, windowRows, batchRows, segmentRows } = state;
  // Rows with no step left to run cost nothing, so they may pass the demand, but never the window.
  const replayTo = Math.min(limit, watermark + windowRows);
  const found = (await replay?.find(issued, Math.min(limit - issued, windowRows))) ?? null;
  if (found !== null && found !== 'tooEarly' && found.rows <= (found.isComplete ? replayTo : openTo) - issued)
    return { batch: await replay!.read(issued), isComplete: found.isComplete };
  // If all rows in flight were replayed, they are delivered at once, and may be all that is wanted.
  if (replay && issued > watermark && (found !== null || requestedTo <= watermark)) return 'wait';
  const leftInSegment = segmentRows - (issued % segmentRows);
  const rows = await read(issued, Math.min(batchRows, openTo - issued, leftInSegment));
  if (rows === null || rows.numRows === 0) return null;
  return { batch: { lo: issued, hi: issued + rows.numRows, rows, events: [] }, isComplete: false };
}
