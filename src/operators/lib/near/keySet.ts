import type { MemoryBudget } from './memoryBudget.js';
import { SEGMENT_SHIFT, createSegments, freeSlot, slotOf } from './segments.js';

/** A set of 64-bit hashes, each given as two halves: 10 to 15 bytes a hash, and no limit on their number but the budget's. */
export interface KeySet {
  has(low: number, high: number): boolean;
  /** The hash is not in the set yet. Throws ERR_MEMORY. */
  add(low: number, high: number): void;
  /** Makes room for so many hashes in all. */
  expect(hashes: number): void;
  readonly size: number;
}

export function createKeySet(budget: MemoryBudget): KeySet {
  const segments = createSegments(budget, (low, _high, slots) => slotOf(low, slots));
  let size = 0;

  function has(low: number, high: number): boolean {
    const table = segments.tables[high >>> SEGMENT_SHIFT]!;
    const wanted = marked(high);
    let at = 2 * slotOf(low, table.length >> 1);
    while (table[at + 1] !== 0) {
      if (table[at] === low && table[at + 1] === wanted) return true;
      at += 2;
      if (at === table.length) at = 0;
    }
    return false;
  }

  function add(low: number, high: number): void {
    const table = segments.withRoom(high >>> SEGMENT_SHIFT);
    const at = freeSlot(table, slotOf(low, table.length >> 1));
    table[at] = low;
    table[at + 1] = marked(high);
    segments.added(high >>> SEGMENT_SHIFT);
    size += 1;
  }

  return {
    has,
    add,
    expect: segments.expect,
    get size() {
      return size;
    },
  };
}

/** A half of 0 would be a free slot. */
function marked(high: number): number {
  return high === 0 ? 1 : high | 0;
}
