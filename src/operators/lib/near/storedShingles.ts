import { type Fingerprint, SHINGLES_MAX, countWith, zerosOf } from './fingerprint.js';
import type { MemoryBudget } from './memoryBudget.js';
import type { Shingles } from './shingles.js';

/** The shingles of each stored text, in pieces that do not move once they are full: 2 bytes a shingle, and 4 a text. */
export interface StoredShingles {
  /** Throws ERR_MEMORY. */
  add(fingerprint: Fingerprint): void;
  /** Makes this the text that stored ones are compared with. */
  compareWith(shingles: Shingles): void;
  /**
   * Reads where the first `count` of the rows lie and the first shingle of each. Most are not in the processor's caches, and these
   * reads wait for the memory together; comparing one row after the other would wait for each.
   */
  touch(rows: Int32Array, count: number): void;
  /** The Jaccard similarity of that text to a stored one; 0 where it is below the threshold. */
  similarity(row: number): number;
  readonly size: number;
}

const PIECE_ROWS = 1 << 13;
const OPEN_SHINGLES_MIN = 1 << 12;

interface Piece {
  shingles: Uint16Array;
  /** Of each row, and of the end: where its shingles begin, and in the bits from ZEROS_SHIFT on its number of zeros. */
  starts: Int32Array;
}

const ZEROS_SHIFT = 22;
const START_BITS = (1 << ZEROS_SHIFT) - 1;

/** Keeps a product that is a whole number, such as 0.7 · 10, from being rounded up past it. */
const TINY = 1e-9;

export function createStoredShingles(threshold: number, budget: MemoryBudget): StoredShingles {
  const pieces: Piece[] = [];
  const text = createMarkedText();
  let size = 0;
  let used = 0;

  function add({ shingles, count, zeros }: Fingerprint): void {
    if (size % PIECE_ROWS === 0) open();
    const last = pieces.at(-1)!;
    if (used + SHINGLES_MAX > last.shingles.length) resize(last, used, 2 * last.shingles.length, budget);
    const place = size % PIECE_ROWS;
    last.starts[place] = used | (zeros << ZEROS_SHIFT);
    const [into, start] = [last.shingles, used];
    for (let at = 0; at < count; at++) into[start + at] = shingles[at]!;
    used = start + count;
    last.starts[place + 1] = used;
    size += 1;
  }

  /** The last piece has room for more; when it is full, it is cut to its size. */
  function open(): void {
    const full = pieces.at(-1);
    if (full) resize(full, used, used, budget);
    budget.take(2 * OPEN_SHINGLES_MIN + 4 * (PIECE_ROWS + 1));
    pieces.push({ shingles: new Uint16Array(OPEN_SHINGLES_MIN), starts: new Int32Array(PIECE_ROWS + 1) });
    used = 0;
  }

  function similarity(row: number): number {
    const piece = pieces[Math.trunc(row / PIECE_ROWS)]!;
    const { shingles } = piece;
    const place = row % PIECE_ROWS;
    const zeros = piece.starts[place]! >>> ZEROS_SHIFT;
    const start = piece.starts[place]! & START_BITS;
    const end = piece.starts[place + 1]! & START_BITS;
    const count = end - start;
    const other = text.count(zeros);
    // Ends as soon as the threshold is out of reach, as it is for most.
    const unsharedMax = count - Math.ceil((threshold * (count + other)) / (1 + threshold) - TINY);
    if (unsharedMax < 0 || threshold * other > count + TINY) return 0;
    const marks = text.marks(zeros);
    let unshared = 0;
    for (let at = start; at < end && unshared <= unsharedMax; at++) {
      const shingle = shingles[at]!;
      unshared += 1 - ((marks[shingle >>> 5]! >>> (shingle & 31)) & 1);
    }
    if (unshared > unsharedMax) return 0;
    const shared = count - unshared;
    const found = shared / (count + other - shared);
    return found < threshold ? 0 : found;
  }

  return {
    add,
    compareWith: text.mark,
    touch: (rows, count) => touch(pieces, rows, count),
    similarity,
    get size() {
      return size;
    },
  };
}

function resize(piece: Piece, used: number, length: number, budget: MemoryBudget): void {
  budget.take(2 * length);
  const resized = new Uint16Array(length);
  resized.set(piece.shingles.subarray(0, used));
  budget.release(2 * piece.shingles.length);
  piece.shingles = resized;
}

function touch(pieces: readonly Piece[], rows: Int32Array, count: number): void {
  if (count > touchedStarts.length) touchedStarts = new Int32Array(2 * count);
  for (let at = 0; at < count; at++)
    touchedStarts[at] = pieces[Math.trunc(rows[at]! / PIECE_ROWS)]!.starts[rows[at]! % PIECE_ROWS]!;
  let all = 0;
  for (let at = 0; at < count; at++)
    all ^= pieces[Math.trunc(rows[at]! / PIECE_ROWS)]!.shingles[touchedStarts[at]! & START_BITS]!;
  // What is read and not used would not be read.
  touchedStarts[0] = all;
}

let touchedStarts = new Int32Array(1 << 10);

/** The shingles of one text, at any number of zeros that a stored text may ask for. */
interface MarkedText {
  mark(shingles: Shingles): void;
  count(zeros: number): number;
  /** A bit for each of the 65,536 values that a shingle has when stored. */
  marks(zeros: number): Int32Array;
}

const MARK_WORDS = (1 << 16) / 32;
/** A word has at most 32 leading zeros. */
const LEVELS = 33;
const UNKNOWN = -1;

function createMarkedText(): MarkedText {
  const counts = new Int32Array(LEVELS);
  /** Marks of the levels in use, and whether they are those of the present text. */
  const bits: (Int32Array | undefined)[] = Array.from({ length: LEVELS });
  const isMarked = new Uint8Array(LEVELS);
  let text: Shingles;

  function mark(shingles: Shingles): void {
    text = shingles;
    counts.fill(UNKNOWN);
    isMarked.fill(0);
  }

  function count(zeros: number): number {
    if (counts[zeros] === UNKNOWN) counts[zeros] = countWith(text, zeros);
    return counts[zeros]!;
  }

  function marks(zeros: number): Int32Array {
    const words = (bits[zeros] ??= new Int32Array(MARK_WORDS));
    if (isMarked[zeros]) return words;
    isMarked[zeros] = 1;
    words.fill(0);
    for (let at = 0; at < text.count; at++) {
      const hash = text.hashes[at]!;
      if (zeros > 0 && zerosOf(hash) < zeros) continue;
      const shingle = hash & 0xffff;
      words[shingle >>> 5]! |= 1 << (shingle & 31);
    }
    return words;
  }

  return { mark, count, marks };
}
