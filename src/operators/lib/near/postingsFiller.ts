import type { MemoryBudget } from './memoryBudget.js';
import { putPosting } from './putPosting.js';
import { SEGMENTS, SEGMENT_SHIFT, type Segments } from './segments.js';

/**
 * Adds many rows: the same as `Postings.add` for each, in about half the time at a million rows. It gathers them and puts them into the
 * tables table by table, so that the processor's caches hold what is written. What it has not put is not found.
 */
export interface PostingsFiller {
  /** Not for a full one. */
  add(hashes: Int32Array, row: number): void;
  isFull(): boolean;
  /** Puts what was gathered into the tables, and lets others have the event loop meanwhile. Throws ERR_MEMORY. */
  put(): Promise<void>;
  /** The same for the last time: what it gathered with is free again. */
  end(): Promise<void>;
}

export interface FillOptions {
  /** Hashes of a row. */
  perRow: number;
  /** Further rows under a hash are left out. */
  perHashMax: number;
}

export function createPostingsFiller(
  segments: Segments,
  budget: MemoryBudget,
  { perRow, perHashMax }: FillOptions,
): PostingsFiller {
  const rowsMax = gatheredRows(budget, perRow);
  const bytes = GATHERED_BYTES * perRow * rowsMax;
  budget.take(bytes);
  let gathered = new Int32Array(2 * perRow * rowsMax);
  let sorted = new Int32Array(gathered.length);
  let used = 0;

  async function put(): Promise<void> {
    const ends = sortBySegment(gathered.subarray(0, used), sorted);
    used = 0;
    let from = 0;
    for (const [segment, to] of ends.entries()) {
      putInto(segments, segment, sorted.subarray(from, to), perHashMax);
      from = to;
      if (segment % SEGMENTS_A_TURN === 0) await new Promise(setImmediate);
    }
  }

  return {
    add(hashes, row) {
      const [into, start] = [gathered, used];
      for (let at = 0; at < hashes.length; at++) {
        into[start + 2 * at] = hashes[at]!;
        into[start + 2 * at + 1] = row;
      }
      used = start + 2 * hashes.length;
    },
    isFull: () => used + 2 * perRow * ROWS_LEFT_MIN > gathered.length,
    put,
    async end() {
      await put();
      gathered = sorted = new Int32Array(0);
      budget.release(bytes);
    },
  };
}

/** Puts pairs of a hash and a row, all of one segment. */
function putInto(segments: Segments, segment: number, pairs: Int32Array, perHashMax: number): void {
  for (let at = 0; at < pairs.length;) {
    const table = segments.withRoom(segment);
    const end = Math.min(pairs.length, at + 2 * segments.room(segment));
    segments.added(segment, putAll(table, pairs.subarray(at, end), perHashMax));
    at = end;
  }
}

/** So many that a table is written to several times while the caches hold it; fewer where the budget is short. */
const GATHERED_ROWS_MAX = 1 << 16;
const GATHERED_BYTES = 16;
/** A filler is full when so few more rows fit in: as many as are added before one asks. */
const ROWS_LEFT_MIN = 1 << 8;
const SEGMENTS_A_TURN = 64;

function gatheredRows(budget: MemoryBudget, perRow: number): number {
  let rows = GATHERED_ROWS_MAX;
  while (rows > 2 * ROWS_LEFT_MIN && !budget.allows(2 * GATHERED_BYTES * perRow * rows)) rows /= 2;
  return rows;
}

/** Puts pairs into a table that has room for all of them; gives how many it has put. */
function putAll(table: Int32Array, pairs: Int32Array, perHashMax: number): number {
  let put = 0;
  for (let pair = 0; pair < pairs.length; pair += 2)
    if (putPosting(table, pairs[pair]!, pairs[pair + 1]!, perHashMax)) put += 1;
  return put;
}

/** Writes pairs of a hash and a row segment by segment, in order within each, into `sorted`; gives where those of each segment end. */
function sortBySegment(pairs: Int32Array, sorted: Int32Array): Int32Array {
  const ends = new Int32Array(SEGMENTS + 1);
  for (let at = 0; at < pairs.length; at += 2) ends[(pairs[at]! >>> SEGMENT_SHIFT) + 1]! += 2;
  for (let segment = 1; segment <= SEGMENTS; segment++) ends[segment]! += ends[segment - 1]!;
  for (let at = 0; at < pairs.length; at += 2) {
    const hash = pairs[at]!;
    const to = ends[hash >>> SEGMENT_SHIFT]!;
    ends[hash >>> SEGMENT_SHIFT] = to + 2;
    sorted[to] = hash;
    sorted[to + 1] = pairs[at + 1]!;
  }
  return ends.subarray(0, SEGMENTS);
}
