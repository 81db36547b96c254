import type { ShardLeaf } from './leaves.js';
import { LENGTH_BYTES, type LeafSlots, slotStart } from './slots.js';

/** Whether a slot has a value; each takes at least a byte. */
export function isThere(slots: LeafSlots, at: number): boolean {
  return slots.ends[at]! > slotStart(slots, at);
}

/** The value of a slot that has one, and is no text. */
export function readValue(slots: LeafSlots, { type }: ShardLeaf, at: number): number | bigint | boolean {
  const { plain } = slots;
  const start = slotStart(slots, at);
  if (type === 'DOUBLE') return plain.readDoubleLE(start);
  if (type === 'INT32') return plain.readInt32LE(start);
  if (type === 'INT64') return plain.readBigInt64LE(start);
  return plain[start] === 1;
}

/**
 * Gives each value the same number whenever it is equal to one before: 0, 1 … in the order of their first. -1 stands for a slot
 * without a value.
 */
export interface Distinct {
  numberOf(at: number): number;
  /** The slot of the first of each number. */
  firsts: number[];
}

/** `fewAtMost`: texts are told apart by some of their bytes first, which costs less where few are asked about. */
export function distinctValues(slots: LeafSlots, leaf: ShardLeaf, fewAtMost = false): Distinct {
  if (leaf.type !== 'BYTE_ARRAY') return distinctNumbers(slots, leaf);
  return distinctTexts(slots, fewAtMost ? SAMPLED_WORDS : Infinity);
}

function distinctNumbers(slots: LeafSlots, leaf: ShardLeaf): Distinct {
  const numbers = new Map<number | bigint | boolean, number>();
  const firsts: number[] = [];
  return {
    firsts,
    numberOf(at) {
      if (!isThere(slots, at)) return -1;
      const value = readValue(slots, leaf, at);
      const known = numbers.get(value);
      if (known !== undefined) return known;
      numbers.set(value, firsts.length);
      return firsts.push(at) - 1;
    },
  };
}

function distinctTexts(slots: LeafSlots, wordsMax: number): Distinct {
  const { plain, ends } = slots;
  const firsts: number[] = [];
  /** The newest number of each hash, and of each number the one before it with the same hash. */
  const newest = new Map<number, number>();
  const before: number[] = [];
  return {
    firsts,
    numberOf(at) {
      if (!isThere(slots, at)) return -1;
      const [start, end] = [slotStart(slots, at), ends[at]!];
      const hash = hashOf(plain, start, end, wordsMax);
      const last = newest.get(hash) ?? -1;
      for (let number = last; number >= 0; number = before[number]!) {
        const first = firsts[number]!;
        if (plain.compare(plain, slotStart(slots, first), ends[first], start, end) === 0) return number;
      }
      newest.set(hash, firsts.length);
      before.push(last);
      return firsts.push(at) - 1;
    },
  };
}

/** Of four bytes at a time, of at most `wordsMax` such words all over the text, and of its length. */
function hashOf(plain: Buffer, start: number, end: number, wordsMax: number): number {
  const length = end - start;
  const step = 4 * Math.max(1, Math.floor(length / 4 / wordsMax));
  let hash = SEED ^ length;
  for (let at = start; at + 4 <= end; at += step) {
    hash = Math.imul(hash ^ plain.readInt32LE(at), FACTOR);
    hash ^= hash >>> 15;
  }
  for (let at = end - (length & 3); at < end; at++) hash = Math.imul(hash ^ plain[at]!, FACTOR);
  return hash ^ (hash >>> 13);
}

const SAMPLED_WORDS = 16;
const SEED = 0x811c9dc5;
const FACTOR = 0x01000193;

/** The bytes of a value without the length of a text. */
export function valueLength(slots: LeafSlots, { type }: ShardLeaf, at: number): number {
  const bytes = slots.ends[at]! - slotStart(slots, at);
  return type === 'BYTE_ARRAY' && bytes > 0 ? bytes - LENGTH_BYTES : bytes;
}
