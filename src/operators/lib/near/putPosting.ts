import { slotOf } from './segments.js';

/** Puts a row under a hash into a table that has room for one more, but where the hash has so many rows; says whether it has. */
export function putPosting(table: Int32Array, hash: number, row: number, perHashMax: number): boolean {
  let rows = 0;
  let at = 2 * slotOf(hash, table.length >> 1);
  while (table[at + 1] !== 0) {
    if (table[at] === hash) rows += 1;
    at += 2;
    if (at === table.length) at = 0;
  }
  if (rows === perHashMax) return false;
  table[at] = hash;
  // A second word of 0 would be a free slot.
  table[at + 1] = row + 1;
  return true;
}
