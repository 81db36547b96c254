import type { Data } from 'apache-arrow';
import { ScaleQuestError } from '../../../errors.js';
import type { ShardLeaf, LeafStep } from './leaves.js';

/**
 * The values of a leaf in a row group, in the order of the file: a slot a value, and one for each null or empty list. They are kept as
 * the file has them, so that a page is a part of `plain`. It is filled again and again, and holds the largest that it was filled with.
 */
export interface LeafSlots {
  count: number;
  /** Of each slot. */
  definitions: Uint8Array;
  repetitions: Uint8Array;
  /** Where each slot ends in `plain`. One without a value takes nothing there. */
  ends: Uint32Array;
  plain: Buffer;
  bytes: number;
}

/** What a text has before it: its length. */
export const LENGTH_BYTES = 4;

export function createSlots(): LeafSlots {
  return {
    count: 0,
    definitions: new Uint8Array(0),
    repetitions: new Uint8Array(0),
    ends: new Uint32Array(0),
    plain: Buffer.alloc(0),
    bytes: 0,
  };
}

/** Where slot `at` begins in `plain`. */
export function slotStart({ ends }: LeafSlots, at: number): number {
  return at === 0 ? 0 : ends[at - 1]!;
}

/** Takes the rows [0, length) of a column in each of the pieces, and drops what was there before. */
export function fillSlots(slots: LeafSlots, leaf: ShardLeaf, pieces: readonly Data[]): void {
  slots.count = 0;
  slots.bytes = 0;
  for (const data of pieces) {
    if (leaf.steps.length === 1) appendColumn(slots, leaf, data, 0, data.length);
    else for (let row = 0; row < data.length; row++) appendNested(slots, leaf, 0, data, row, 0, 0);
  }
}

/** What the rows [from, to) of `data` hold, which is a leaf: their levels are the highest, and `repetition` of the first. */
function appendColumn(slots: LeafSlots, leaf: ShardLeaf, data: Data, from: number, to: number): void {
  const { nullable } = leaf.steps.at(-1)!;
  reserveSlots(slots, to - from);
  if (data.nullCount === 0) {
    const { count } = slots;
    appendValues(slots, leaf, data, from, to);
    slots.definitions.fill(leaf.definitionMax, count, slots.count);
    slots.repetitions.fill(leaf.repetitionMax, count, slots.count);
    return;
  }
  for (let row = from; row < to; row++) {
    const isThere = isValid(data, row);
    if (!isThere && !nullable) throw missing(leaf);
    slots.definitions[slots.count] = leaf.definitionMax - Number(!isThere);
    slots.repetitions[slots.count] = leaf.repetitionMax;
    if (isThere) appendValues(slots, leaf, data, row, row + 1);
    else slots.ends[slots.count++] = slots.bytes;
  }
}

/** What `row` of `data` holds of the leaf, from step `at` of its way on. */
function appendNested(
  slots: LeafSlots,
  leaf: ShardLeaf,
  at: number,
  data: Data,
  row: number,
  definition: number,
  repetition: number,
): void {
  const step: LeafStep = leaf.steps[at]!;
  if (!isValid(data, row)) {
    if (!step.nullable) throw missing(leaf);
    return appendNone(slots, definition, repetition);
  }
  const defined = definition + Number(step.nullable);
  if (step.kind === 'value') {
    reserveSlots(slots, 1);
    slots.definitions[slots.count] = defined;
    slots.repetitions[slots.count] = repetition;
    return appendValues(slots, leaf, data, row, row + 1);
  }
  if (step.kind === 'struct')
    return appendNested(slots, leaf, at + 1, data.children[step.childAt]!, row, defined, repetition);
  const [from, to] = [data.valueOffsets[row]!, data.valueOffsets[row + 1]!];
  if (from === to) return appendNone(slots, defined, repetition);
  const elements = data.children[0]!;
  if (leaf.steps[at + 1]!.kind === 'value' && step.repetition === leaf.repetitionMax) {
    const first = slots.count;
    appendColumn(slots, leaf, elements, from, to);
    slots.repetitions[first] = repetition;
    return;
  }
  appendNested(slots, leaf, at + 1, elements, from, defined + 1, repetition);
  for (let element = from + 1; element < to; element++)
    appendNested(slots, leaf, at + 1, elements, element, defined + 1, step.repetition);
}

function appendNone(slots: LeafSlots, definition: number, repetition: number): void {
  reserveSlots(slots, 1);
  slots.definitions[slots.count] = definition;
  slots.repetitions[slots.count] = repetition;
  slots.ends[slots.count++] = slots.bytes;
}

function isValid({ nullCount, nullBitmap, offset }: Data, row: number): boolean {
  if (nullCount === 0) return true;
  const bit = offset + row;
  return ((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 1;
}

/** Values that are there; the levels are the caller's. */
function appendValues(slots: LeafSlots, leaf: ShardLeaf, data: Data, from: number, to: number): void {
  if (leaf.type === 'BYTE_ARRAY') return appendTexts(slots, data, from, to);
  const { valueBytes } = leaf;
  reserveBytes(slots, (to - from) * valueBytes);
  if (leaf.type === 'BOOLEAN') copyBits(slots, data, from, to);
  else copyNumbers(slots, data.values as Int32Array | Float64Array | BigInt64Array, from, to);
  for (let row = from; row < to; row++) {
    slots.bytes += valueBytes;
    slots.ends[slots.count++] = slots.bytes;
  }
}

/** Processors that Node runs on have the order of bytes that Parquet has. */
function copyNumbers(
  { plain, bytes }: LeafSlots,
  values: Int32Array | Float64Array | BigInt64Array,
  from: number,
  to: number,
): void {
  const start = values.byteOffset + from * values.BYTES_PER_ELEMENT;
  plain.set(new Uint8Array(values.buffer, start, (to - from) * values.BYTES_PER_ELEMENT), bytes);
}

function copyBits({ plain, bytes }: LeafSlots, { values, offset }: Data, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    const bit = offset + row;
    plain[bytes + row - from] = ((values as Uint8Array)[bit >> 3]! >> (bit & 7)) & 1;
  }
}

/** All texts are copied at once, behind the room for their lengths; each then moves to its place, which costs less than a view of it. */
function appendTexts(slots: LeafSlots, { values, valueOffsets }: Data, from: number, to: number): void {
  const [first, last] = [valueOffsets[from]!, valueOffsets[to]!];
  reserveBytes(slots, last - first + (to - from) * LENGTH_BYTES);
  const { plain, ends } = slots;
  let { bytes, count } = slots;
  const moved = bytes + (to - from) * LENGTH_BYTES - first;
  plain.set((values as Uint8Array).subarray(first, last), first + moved);
  for (let row = from; row < to; row++) {
    const [start, end] = [valueOffsets[row]!, valueOffsets[row + 1]!];
    const length = end - start;
    // The text first: lengths before it lie where texts of earlier rows were.
    plain.copyWithin(bytes + LENGTH_BYTES, start + moved, end + moved);
    plain[bytes] = length;
    plain[bytes + 1] = length >> 8;
    plain[bytes + 2] = length >> 16;
    plain[bytes + 3] = length >> 24;
    bytes += LENGTH_BYTES + length;
    ends[count++] = bytes;
  }
  slots.bytes = bytes;
  slots.count = count;
}

function reserveSlots(slots: LeafSlots, more: number): void {
  const needed = slots.count + more;
  if (needed <= slots.ends.length) return;
  const room = Math.max(needed, 2 * slots.ends.length);
  slots.definitions = grown(new Uint8Array(room), slots.definitions);
  slots.repetitions = grown(new Uint8Array(room), slots.repetitions);
  slots.ends = grown(new Uint32Array(room), slots.ends);
}

function grown<Values extends Uint8Array | Uint32Array>(larger: Values, values: Values): Values {
  larger.set(values);
  return larger;
}

function reserveBytes(slots: LeafSlots, more: number): void {
  const needed = slots.bytes + more;
  if (needed <= slots.plain.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * slots.plain.length));
  slots.plain.copy(larger, 0, 0, slots.bytes);
  slots.plain = larger;
}

function missing({ path }: ShardLeaf): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `column ${path.join('.')} has no value in a row, expected one in each`,
  );
}
