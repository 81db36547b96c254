import type { ShardLeaf } from './leaves.js';
import { LENGTH_BYTES, type LeafSlots, slotStart } from './slots.js';
import { isThere, readValue } from './values.js';

/** What the footer says of a leaf in a row group. Texts are copies. */
export interface LeafStatistics {
  min_value?: number | bigint | boolean | Uint8Array;
  max_value?: number | bigint | boolean | Uint8Array;
  null_count: bigint;
  /** Of columns of float64. */
  nan_count?: bigint;
}

export function statisticsOf(slots: LeafSlots, leaf: ShardLeaf): LeafStatistics {
  return leaf.type === 'BYTE_ARRAY' ? ofTexts(slots) : ofValues(slots, leaf);
}

/** By bytes without sign, which for UTF-8 is the order of code points. */
function ofTexts(slots: LeafSlots): LeafStatistics {
  let nulls = 0;
  let min: Text | null = null;
  let max: Text | null = null;
  for (let at = 0; at < slots.count; at++) {
    if (!isThere(slots, at)) {
      nulls += 1;
      continue;
    }
    const start = slotStart(slots, at) + LENGTH_BYTES;
    const end = slots.ends[at]!;
    const head = headOf(slots.plain, start, end);
    // Most texts lie between by their first bytes.
    if (min && max && head > min.head && head < max.head) continue;
    const text = { start, end, head };
    if (!min || compare(slots.plain, text, min) < 0) min = text;
    if (!max || compare(slots.plain, text, max) > 0) max = text;
  }
  const bytesOf = ({ start, end }: Text): Uint8Array => new Uint8Array(slots.plain.subarray(start, end));
  const null_count = BigInt(nulls);
  return min && max ? { null_count, min_value: bytesOf(min), max_value: bytesOf(max) } : { null_count };
}

interface Text {
  start: number;
  end: number;
  head: number;
}

/** The first four bytes as a number, with zeros behind a shorter text. */
function headOf(plain: Buffer, start: number, end: number): number {
  if (end - start >= 4) return plain.readUInt32BE(start);
  let head = 0;
  for (let at = 0; at < 4; at++) head = head * 256 + (start + at < end ? plain[start + at]! : 0);
  return head;
}

function compare(plain: Buffer, one: Text, other: Text): number {
  return plain.compare(plain, other.start, other.end, one.start, one.end);
}

function ofValues(slots: LeafSlots, leaf: ShardLeaf): LeafStatistics {
  let [nulls, notNumbers] = [0, 0];
  let min: number | bigint | boolean | undefined;
  let max: number | bigint | boolean | undefined;
  for (let at = 0; at < slots.count; at++) {
    if (!isThere(slots, at)) {
      nulls += 1;
      continue;
    }
    const value = readValue(slots, leaf, at);
    if (Number.isNaN(value)) {
      notNumbers += 1;
      continue;
    }
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  // A zero may be of either sign: the format asks for the wider bounds.
  if (min === 0) min = -0;
  if (max === 0) max = 0;
  return {
    null_count: BigInt(nulls),
    ...(min !== undefined && max !== undefined && { min_value: min, max_value: max }),
    ...(leaf.type === 'DOUBLE' && { nan_count: BigInt(notNumbers) }),
  };
}
