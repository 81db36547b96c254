import type { MemoryBudget } from './memoryBudget.js';

/**
 * Tables of pairs of 32-bit words, of which each grows alone: adding never takes longer than to copy one of them. The words'
 * meaning is the caller's, but for a second word of 0, which is a free slot.
 */
export interface Segments {
  /** The pairs of each segment, one behind the other. */
  readonly tables: readonly Int32Array[];
  /** The pairs of a segment, with a free slot for one more. Throws ERR_MEMORY before anything has changed. */
  withRoom(segment: number): Int32Array;
  /** Tells that the caller has put a pair there, or so many. */
  added(segment: number, pairs?: number): void;
  /** How many pairs the segment has room for before it grows. */
  room(segment: number): number;
  /**
   * Makes room for so many pairs in all, where there are none yet and the budget allows twice that: tables that grow are filled half
   * as fast.
   */
  expect(pairs: number): void;
}

/** How many there are: their number comes from the top 10 bits of a hash, so it is the same for any number of rows. */
export const SEGMENTS = 1 << 10;
export const SEGMENT_SHIFT = 22;

const SLOTS_MIN = 16;
/** From 53 to 80 % of the slots are used: 10 to 15 bytes a pair. Fuller tables are slower to search, and smaller steps to fill. */
const LOAD_MAX = 0.8;
const GROWTH = 1.5;
const PAIR_BYTES = 8;

/** `home`: the slot from which a pair is searched, in a table of so many slots. */
export function createSegments(
  budget: MemoryBudget,
  home: (first: number, second: number, slots: number) => number,
): Segments {
  const none = new Int32Array(2);
  const tables: Int32Array[] = Array.from({ length: SEGMENTS }, () => none);
  const used = new Int32Array(SEGMENTS);

  function withRoom(segment: number): Int32Array {
    const table = tables[segment]!;
    const slots = table.length >> 1;
    if (used[segment]! < LOAD_MAX * slots && table !== none) return table;
    return (tables[segment] = widen(table, Math.max(SLOTS_MIN, Math.ceil(slots * GROWTH))));
  }

  function widen(table: Int32Array, slots: number): Int32Array {
    budget.take(slots * PAIR_BYTES);
    const wider = new Int32Array(2 * slots);
    for (let at = 0; at < table.length; at += 2) {
      if (table[at + 1] === 0) continue;
      const free = freeSlot(wider, home(table[at]!, table[at + 1]!, slots));
      wider[free] = table[at]!;
      wider[free + 1] = table[at + 1]!;
    }
    if (table !== none) budget.release(table.length * 4);
    return wider;
  }

  function expect(pairs: number): void {
    if (tables.some((table) => table !== none)) return;
    const each = pairs / SEGMENTS;
    const slots = slotsFor(each + SPREAD * Math.sqrt(each));
    if (!budget.allows(2 * SEGMENTS * slots * PAIR_BYTES)) return;
    for (let segment = 0; segment < SEGMENTS; segment++) tables[segment] = widen(none, slots);
  }

  return {
    tables,
    withRoom,
    added: (segment, pairs = 1) => void (used[segment]! += pairs),
    room: (segment) => Math.ceil(LOAD_MAX * (tables[segment]!.length >> 1)) - used[segment]!,
    expect,
  };
}

/** Hashes fall into the segments by chance. */
const SPREAD = 3;

/** As many as a table has that has grown to so many pairs. */
function slotsFor(pairs: number): number {
  let slots = SLOTS_MIN;
  while (LOAD_MAX * slots < pairs) slots = Math.ceil(slots * GROWTH);
  return slots;
}

/** Where the first free pair from a slot on begins. */
export function freeSlot(table: Int32Array, slot: number): number {
  let at = 2 * slot;
  while (table[at + 1] !== 0) {
    at += 2;
    if (at === table.length) at = 0;
  }
  return at;
}

/** A slot of so many, the same share of them for each value of the lower 22 bits of a word. */
export function slotOf(word: number, slots: number): number {
  return ((word & LOWER_BITS) * slots * SHARE) | 0;
}

const LOWER_BITS = (1 << SEGMENT_SHIFT) - 1;
const SHARE = 1 / (1 << SEGMENT_SHIFT);
