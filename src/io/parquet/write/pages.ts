import type { ShardLeaf } from './leaves.js';
import type { LeafSlots } from './slots.js';
import { isThere, valueLength } from './values.js';

/** The slots [start, end) of a leaf, which begin with a row. */
export interface Page {
  start: number;
  end: number;
  rows: number;
  nulls: number;
  /** Rows of the row group before it. */
  firstRow: number;
}

/** As far as rows allow; lengths of texts and levels are not counted. */
const PAGE_BYTES = 2 ** 20;
/** What a value counts that a dictionary has. */
const NUMBER_BYTES = 4;
const BIT_BYTES = 0.125;

export function pagesOf(slots: LeafSlots, leaf: ShardLeaf, hasDictionary: boolean): Page[] {
  const pages: Page[] = [];
  let page = { start: 0, end: 0, rows: 0, nulls: 0, firstRow: 0 };
  let bytes = 0;
  for (let at = 0; at < slots.count; at++) {
    const isRow = leaf.repetitionMax === 0 || slots.repetitions[at] === 0;
    const valueBytes = countedBytes(slots, leaf, at, hasDictionary);
    bytes += valueBytes;
    if (bytes >= PAGE_BYTES && at > page.start && isRow) {
      pages.push(page);
      page = { start: at, end: at, rows: 0, nulls: 0, firstRow: page.firstRow + page.rows };
      bytes = valueBytes;
    }
    page.end = at + 1;
    if (isRow) page.rows += 1;
    if (!isThere(slots, at)) page.nulls += 1;
  }
  return slots.count > 0 ? [...pages, page] : pages;
}

function countedBytes(slots: LeafSlots, leaf: ShardLeaf, at: number, hasDictionary: boolean): number {
  if (hasDictionary) return isThere(slots, at) ? NUMBER_BYTES : 0;
  if (leaf.type === 'BOOLEAN') return isThere(slots, at) ? BIT_BYTES : 0;
  return valueLength(slots, leaf, at);
}
