import type { ShardLeaf } from './leaves.js';
import { type LeafSlots, slotStart } from './slots.js';
import { distinctValues } from './values.js';

/** Values that are written once, with a number for each slot. */
export interface Dictionary {
  /** The distinct values as PLAIN writes them. */
  plain: Buffer;
  values: number;
  /** Of each slot; -1 where it has no value. */
  numbers: Int32Array;
}

const SAMPLED = 1000;
/** Of the bytes of the sampled values, those of distinct ones: with more, a dictionary is not tried. */
const SAMPLE_SHARE_MAX = 0.9;

/** A dictionary of a row group where it halves what the values take; null where it does not. */
export function dictionaryOf(slots: LeafSlots, leaf: ShardLeaf): Dictionary | null {
  if (leaf.type === 'BOOLEAN' || !isWorthTrying(slots, leaf)) return null;
  const distinct = distinctValues(slots, leaf);
  const numbers = new Int32Array(slots.count);
  let [bytes, there] = [0, 0];
  for (let at = 0; at < slots.count; at++) {
    const known = distinct.firsts.length;
    const number = distinct.numberOf(at);
    numbers[at] = number;
    if (number >= 0) there += 1;
    if (number !== known) continue;
    bytes += slots.ends[at]! - slotStart(slots, at);
    if (2 * bytes > slots.bytes) return null;
  }
  const values = distinct.firsts.length;
  const numberBytes = Math.ceil((there * Math.ceil(Math.log2(values))) / 8);
  if (2 * (bytes + numberBytes) > slots.bytes) return null;
  const parts = distinct.firsts.map((at) => slots.plain.subarray(slotStart(slots, at), slots.ends[at]));
  return { plain: Buffer.concat(parts), values, numbers };
}

function isWorthTrying(slots: LeafSlots, leaf: ShardLeaf): boolean {
  const sampled = Math.min(slots.count, SAMPLED);
  const { numberOf, firsts } = distinctValues(slots, leaf, true);
  let [distinctBytes, allBytes] = [0, 0];
  for (let nth = 0; nth < sampled; nth++) {
    const at = sampled === 1 ? 0 : Math.floor((nth * (slots.count - 1)) / (sampled - 1));
    const bytes = slots.ends[at]! - slotStart(slots, at);
    const known = firsts.length;
    if (numberOf(at) === known) distinctBytes += bytes;
    allBytes += bytes;
  }
  return allBytes > 0 && distinctBytes / allBytes <= SAMPLE_SHARE_MAX;
}
