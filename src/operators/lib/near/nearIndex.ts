import type { Bands } from './bands.js';
import type { Fingerprint } from './fingerprint.js';
import { createIntSet } from './intSet.js';
import type { MemoryBudget } from './memoryBudget.js';
import { POSTINGS_MAX, createPostings } from './postings.js';
import type { PostingsFiller } from './postingsFiller.js';
import type { Shingles } from './shingles.js';
import { type StoredShingles, createStoredShingles } from './storedShingles.js';

/** A stored text by its number, and how similar it is. */
export interface Similar {
  row: number;
  similarity: number;
}

/** The texts that were added, and the most similar one of them to another. */
export interface NearIndex {
  /** The highest Jaccard similarity to a stored text, if it reaches the threshold, and the number of that text; null if none does. */
  find(shingles: Shingles, fingerprint: Fingerprint): Similar | null;
  /** Throws ERR_MEMORY. */
  add(fingerprint: Fingerprint): void;
  /** Adds many texts, which are not found before it has ended: the same as `add` for each, in less time. */
  fill(): NearFiller;
  /** Makes room for so many texts in all. */
  expect(texts: number): void;
  readonly size: number;
}

/** Takes texts one after the other. See `PostingsFiller`. */
export interface NearFiller extends Omit<PostingsFiller, 'add'> {
  /** Throws ERR_MEMORY. */
  add(fingerprint: Fingerprint): void;
}

/** Of so many stored texts that meet a text, those of its shortest bands are compared with it. */
const CANDIDATES_MAX = 1024;

/** So few rows are compared without being read beforehand. */
const FEW_ROWS = 4;

/**
 * An index that finds stored texts whose set of shingles has at least this Jaccard similarity to that of another text.
 *
 * Stored texts that meet the text in a band of their signatures (locality-sensitive hashing) are compared with it shingle by shingle. So
 * what it finds is right, but for one shingle in a thousand that is taken for another. What it misses meets in no band: 2 of 100
 * texts at the threshold, fewer above it.
 *
 * Two limits keep the work for one text bounded, whatever the texts are: a band leads to POSTINGS_MAX texts, and CANDIDATES_MAX texts
 * are compared. They matter among thousands of stored texts that are all nearly similar enough.
 *
 * Memory: 10 to 15 bytes a band, 2 a shingle (of at most 256) and 4 a text. A text of 47 words takes 210 to 270 bytes with a threshold
 * of 0.8, which has 12 bands, and 290 to 400 with 0.7, which has 20.
 */
export function createNearIndex(threshold: number, bands: Bands, budget: MemoryBudget): NearIndex {
  const postings = createPostings(budget);
  const stored = createStoredShingles(threshold, budget);
  const seen = createIntSet();
  /** Rows that the bands of a text lead to, band by band, and where those of each one begin. */
  const rows = new Int32Array(bands.count * POSTINGS_MAX);
  const starts = new Int32Array(bands.count + 1);
  /** The rows that are compared, each once. */
  const candidates = new Int32Array(CANDIDATES_MAX);

  function find(shingles: Shingles, fingerprint: Fingerprint): Similar | null {
    const found = postings.find(fingerprint.bands, rows, starts);
    if (found === 0) return null;
    stored.compareWith(shingles);
    const count = found <= CANDIDATES_MAX ? allOf(found) : shortestOf();
    return mostSimilar(stored, candidates, count);
  }

  function allOf(found: number): number {
    seen.clear(found);
    return distinct(rows.subarray(0, found), 0);
  }

  function shortestOf(): number {
    seen.clear(CANDIDATES_MAX);
    const length = (band: number): number => starts[band + 1]! - starts[band]!;
    const shortestFirst = Array.from({ length: bands.count }, (_, band) => band).sort(
      (a, b) => length(a) - length(b),
    );
    let left = CANDIDATES_MAX;
    let count = 0;
    for (const band of shortestFirst) {
      const end = Math.min(starts[band + 1]!, starts[band]! + left);
      // Where rows lie depends on how the tables grew, and which are compared must not.
      if (end < starts[band + 1]!) rows.subarray(starts[band], starts[band + 1]).sort();
      left -= end - starts[band]!;
      count = distinct(rows.subarray(starts[band], end), count);
    }
    return count;
  }

  /** Puts those rows that are not there yet behind the first `count` candidates; gives how many there are then. */
  function distinct(found: Int32Array, count: number): number {
    let total = count;
    for (let at = 0; at < found.length; at++) {
      if (seen.add(found[at]!)) candidates[total++] = found[at]!;
    }
    return total;
  }

  function add(fingerprint: Fingerprint): void {
    const row = stored.size;
    stored.add(fingerprint);
    postings.add(fingerprint.bands, row);
  }

  return {
    find,
    add,
    fill: () => createNearFiller(postings.fill(bands.count), stored),
    expect: (texts) => postings.expect(texts * bands.count),
    get size() {
      return stored.size;
    },
  };
}

function createNearFiller(filler: PostingsFiller, stored: StoredShingles): NearFiller {
  return {
    ...filler,
    add(fingerprint) {
      filler.add(fingerprint.bands, stored.size);
      stored.add(fingerprint);
    },
  };
}

/** Of the first `count` rows, whatever their order, the first one of the highest similarity; null where none reaches the threshold. */
function mostSimilar(stored: StoredShingles, rows: Int32Array, count: number): Similar | null {
  let best: Similar | null = null;
  if (count > FEW_ROWS) stored.touch(rows, count);
  for (let at = 0; at < count; at++) {
    const row = rows[at]!;
    const similarity = stored.similarity(row);
    if (similarity === 0 || (best && similarity < best.similarity)) continue;
    if (best && similarity === best.similarity && row > best.row) continue;
    best = { row, similarity };
  }
  return best;
}
