import type { MemoryBudget } from './memoryBudget.js';
import { type PostingsFiller, createPostingsFiller } from './postingsFiller.js';
import { putPosting } from './putPosting.js';
import { SEGMENT_SHIFT, createSegments, slotOf } from './segments.js';

/** An inverted index: hash → numbers of the rows that were added under it. 10 to 15 bytes a posting. */
export interface Postings {
  /**
   * Writes the rows of each hash one behind the other into `rows`, at most POSTINGS_MAX a hash, and into `starts` where those of each
   * hash begin and where the last ones end. Gives how many there are.
   */
  find(hashes: Int32Array, rows: Int32Array, starts: Int32Array): number;
  /** Adds a row under all hashes but those that have POSTINGS_MAX rows. Throws ERR_MEMORY. */
  add(hashes: Int32Array, row: number): void;
  /** Adds many rows of so many hashes each. */
  fill(perRow: number): PostingsFiller;
  /** Makes room for so many hashes in all. */
  expect(hashes: number): void;
}

/** They lie side by side with those of other hashes, and long runs would make all look-ups slow. */
export const POSTINGS_MAX = 128;

export function createPostings(budget: MemoryBudget): Postings {
  const segments = createSegments(budget, (hash, _row, slots) => slotOf(hash, slots));
  const { tables } = segments;
  /** What is read and not used would not be read. */
  const sink = new Int32Array(1);

  /**
   * Reads a slot of each hash. Most are not in the processor's caches, and these reads wait for the memory all at once; the searches
   * that follow would wait one after the other (1.4 times the time).
   */
  function touch(hashes: Int32Array): void {
    let all = 0;
    for (let at = 0; at < hashes.length; at++) {
      const hash = hashes[at]!;
      const table = tables[hash >>> SEGMENT_SHIFT]!;
      all ^= table[2 * slotOf(hash, table.length >> 1)]!;
    }
    sink[0] = all;
  }

  function find(hashes: Int32Array, rows: Int32Array, starts: Int32Array): number {
    touch(hashes);
    let found = 0;
    for (let each = 0; each < hashes.length; each++) {
      starts[each] = found;
      const hash = hashes[each]!;
      const table = tables[hash >>> SEGMENT_SHIFT]!;
      let at = 2 * slotOf(hash, table.length >> 1);
      while (table[at + 1] !== 0) {
        if (table[at] === hash) rows[found++] = table[at + 1]! - 1;
        at += 2;
        if (at === table.length) at = 0;
      }
    }
    starts[hashes.length] = found;
    return found;
  }

  function add(hashes: Int32Array, row: number): void {
    touch(hashes);
    for (let each = 0; each < hashes.length; each++) addOne(hashes[each]!, row);
  }

  function addOne(hash: number, row: number): void {
    const segment = hash >>> SEGMENT_SHIFT;
    if (putPosting(segments.withRoom(segment), hash, row, POSTINGS_MAX)) segments.added(segment);
  }

  return {
    find,
    add,
    fill: (perRow) => createPostingsFiller(segments, budget, { perRow, perHashMax: POSTINGS_MAX }),
    expect: segments.expect,
  };
}
