import type { RecordBatch } from 'apache-arrow';
import { Observable } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { Batch, COLUMNS } from './batch.js';
import type { AnyColumns } from './columnTypes.js';

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
  /** No batch goes past a multiple of this, wherever the run began. */
  stretchRows?: number;
}

/** Rows that were decided before. */
export interface Recall {
  /**
   * What is known of the positions from `lo` on: how many rows, at most `rowsMax`, and whether no step is left to decide them;
   * null for nothing, `early` where that cannot be told before all rows below `lo` are delivered.
   */
  find(lo: number, rowsMax: number): { rows: number; isWhole: boolean } | 'early' | null;
  /** The batch of what was found at `lo`. */
  read(lo: number): Promise<Batch>;
}

/** Flow control: positions are taken at the source only and given back at the sink only, so nothing between can leak one. */
export interface Gate {
  source(read: ReadRows, recall?: Recall): Observable<Batch>;
  /** Everything below `hi` has reached the writer; `kept` rows of it were kept in all. */
  delivered(hi: number, kept: number): void;
  readonly issued: number;
  readonly watermark: number;
}

export function createGate(options: GateOptions): Gate {
  const { windowRows, batchRows, from = 0, limit = Number.MAX_SAFE_INTEGER, target } = options;
  const { stretchRows = Number.MAX_SAFE_INTEGER } = options;
  let issued = from;
  let askedTo = from;
  let watermark = from;
  let kept = 0;
  let wake = (): void => {};

  function openTo(): number {
    const demandRows = target === undefined ? windowRows : rowsFor(target - kept, kept, watermark - from);
    return Math.min(limit, watermark + Math.max(batchRows, Math.min(windowRows, demandRows)));
  }

  function source(read: ReadRows, recall?: Recall): Observable<Batch> {
    return new Observable<Batch>((subscriber) => {
      let pumping = false;
      wake = () => queueMicrotask(() => void pump());
      wake();
      return () => {
        wake = () => {};
      };

      async function pump(): Promise<void> {
        if (pumping) return;
        pumping = true;
        try {
          while (!subscriber.closed && issued < openTo()) {
            const place = { issued, watermark, askedTo, openTo: openTo(), limit };
            const next = await nextBatch({ ...place, windowRows, batchRows, stretchRows }, read, recall);
            if (next === null) return subscriber.complete();
            if (next === 'wait') return;
            issued = next.batch.hi;
            if (!next.isWhole) askedTo = issued;
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
    if (hi < watermark || hi > issued) {
      throw new ScaleQuestError(
        'ERR_INVARIANT',
        `the sink reported positions up to ${hi} as delivered, expected a number from ${watermark} to ${issued}`,
      );
    }
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

/**
 * Positions still needed to keep `left` rows, where so many were kept of so many: as they come, plus two standard deviations; a
 * guess before any passed. Waste depends on it, never output.
 */
function rowsFor(left: number, kept: number, passed: number): number {
  const wanted = Math.max(0, left);
  if (kept === 0) return 8 * wanted + passed;
  return Math.ceil(((wanted + 2 * Math.sqrt(wanted)) * passed) / kept);
}

interface Place {
  issued: number;
  watermark: number;
  /** Where the last rows end that had something to ask. */
  askedTo: number;
  /** Where the demand ends. */
  openTo: number;
  limit: number;
  windowRows: number;
  batchRows: number;
  stretchRows: number;
}

/**
 * The next batch; null at the source's end, `wait` where more is known of one than there is room for, or than can be told, until
 * those before it are delivered.
 */
async function nextBatch(
  place: Place,
  read: ReadRows,
  recall: Recall | undefined,
): Promise<{ batch: Batch; isWhole: boolean } | null | 'wait'> {
  const { issued, watermark, askedTo, openTo, limit, windowRows, batchRows, stretchRows } = place;
  // Rows that ask nobody cost nothing past the demand.
  const knownTo = Math.min(limit, watermark + windowRows);
  const found = recall?.find(issued, Math.min(limit - issued, windowRows)) ?? null;
  if (found !== null && found !== 'early' && found.rows <= (found.isWhole ? knownTo : openTo) - issued)
    return { batch: await recall!.read(issued), isWhole: found.isWhole };
  // Where nobody is asked about what is under way, that is delivered at once, and may be all that is wanted.
  if (recall && issued > watermark && (found !== null || askedTo <= watermark)) return 'wait';
  const inStretch = stretchRows - (issued % stretchRows);
  const rows = await read(issued, Math.min(batchRows, openTo - issued, inStretch));
  if (rows === null || rows.numRows === 0) return null;
  return { batch: { lo: issued, hi: issued + rows.numRows, rows, side: [] }, isWhole: false };
}
