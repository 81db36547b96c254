import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ScaleQuestError } from '../../../errors.js';

/** What a stateful step added to its state at one row. Applying a run's entries in order restores the state. */
export interface StateEntry {
  seq: number;
  step: string;
  /** Plain JSON, or bytes as a Uint8Array. */
  value: unknown;
}

/** Entries of one step, in order. Byte values lie in the memory of the frame. */
export interface StateFrame {
  step: string;
  seqs: Float64Array;
  values: readonly unknown[];
}

/**
 * A state file is a row of frames, each with entries of one step, all numbers little-endian:
 *
 *   bytes of the frame, a multiple of 8 · entries · bytes of the label · bytes of the body before it was deflated, or 0 (uint32 each)
 *   the step's label, and zeros up to a multiple of 8
 *   the body, and zeros up to a multiple of 8
 *
 * A body, deflated unless all values are bytes, which hardly deflate and are read at ten times the speed as they are:
 *
 *   a position for each entry (float64)
 *   for each entry the bytes of its value, times 2, and 1 more where the value is JSON (uint32)
 *   the values one behind the other
 */
const HEAD_BYTES = 16;
const ALIGNED_BYTES = 8;
const SEQ_BYTES = 8;
const SIZE_BYTES = 4;

/** A frame ends with the entry that brings its body to so many bytes. */
const BODY_BYTES = 1 << 16;

/** Packs entries into frames: which, follows from the entries and their order alone. */
export interface StateFrameWriter {
  /** The frame that this entry completes, if it does. */
  add(entry: StateEntry): Buffer | null;
  /** The frames that are not complete. */
  rest(): Buffer[];
}

interface OpenFrame {
  seqs: number[];
  sizes: number[];
  values: Uint8Array[];
  bytes: number;
}

export function stateFrameWriter(): StateFrameWriter {
  /** Steps in the order in which they came. */
  const open = new Map<string, OpenFrame>();

  function add({ seq, step, value }: StateEntry): Buffer | null {
    let frame = open.get(step);
    if (!frame) open.set(step, (frame = { seqs: [], sizes: [], values: [], bytes: 0 }));
    const isBytes = value instanceof Uint8Array;
    const bytes = isBytes ? value : Buffer.from(JSON.stringify(value));
    frame.seqs.push(seq);
    frame.sizes.push(2 * bytes.length + (isBytes ? 0 : 1));
    frame.values.push(bytes);
    frame.bytes += SEQ_BYTES + SIZE_BYTES + bytes.length;
    if (frame.bytes < BODY_BYTES) return null;
    open.delete(step);
    return encodeFrame(step, frame);
  }

  return { add, rest: () => [...open].map(([step, frame]) => encodeFrame(step, frame)) };
}

function encodeFrame(step: string, frame: OpenFrame): Buffer {
  const label = Buffer.from(step);
  const plain = encodeBody(frame);
  const isPlain = frame.sizes.every((size) => size % 2 === 0);
  const body = isPlain ? plain : deflateRawSync(plain, { level: 1 });
  const bodyAt = aligned(HEAD_BYTES + label.length);
  const bytes = Buffer.alloc(aligned(bodyAt + body.length));
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(frame.seqs.length, 4);
  bytes.writeUInt32LE(label.length, 8);
  bytes.writeUInt32LE(isPlain ? 0 : plain.length, 12);
  bytes.set(label, HEAD_BYTES);
  bytes.set(body, bodyAt);
  return bytes;
}

function encodeBody({ seqs, sizes, values, bytes: bodyBytes }: OpenFrame): Buffer {
  const sizesAt = SEQ_BYTES * seqs.length;
  const bytes = Buffer.alloc(bodyBytes);
  for (const [row, seq] of seqs.entries()) bytes.writeDoubleLE(seq, SEQ_BYTES * row);
  for (const [row, size] of sizes.entries()) bytes.writeUInt32LE(size, sizesAt + SIZE_BYTES * row);
  let at = sizesAt + SIZE_BYTES * seqs.length;
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNED_BYTES) * ALIGNED_BYTES;
}

/**
 * Reads the frames of pieces that are cut anywhere, those of one step. Throws ERR_DATA_INVALID for what is no frame, and for a last
 * one that is cut off; zlib and JSON throw their own.
 */
export async function* readStateFrames(
  pieces: AsyncIterable<Uint8Array>,
  step: string,
): AsyncGenerator<StateFrame> {
  // What the frames so far have not used, in pieces: to join them at each piece would take quadratic time.
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let wantedBytes = HEAD_BYTES;
  for await (const piece of pieces) {
    open.push(piece);
    openBytes += piece.length;
    if (openBytes < wantedBytes) continue;
    const bytes = Buffer.concat(open, openBytes);
    let at = 0;
    while ((wantedBytes = wantedAt(bytes, at)) <= bytes.length - at) {
      const frame = decodeFrame(bytes.subarray(at, at + wantedBytes), step);
      at += wantedBytes;
      if (frame) yield frame;
    }
    open = [bytes.subarray(at)];
    openBytes = bytes.length - at;
  }
  if (openBytes > 0) throw notAFrame(`found a last frame that is cut off after ${openBytes} bytes`);
}

/** The bytes of the frame that begins there, or those of its head where that is not there yet. */
function wantedAt(bytes: Buffer, at: number): number {
  if (bytes.length - at < HEAD_BYTES) return HEAD_BYTES;
  const size = bytes.readUInt32LE(at);
  if (size < HEAD_BYTES || size % ALIGNED_BYTES !== 0) throw notAFrame();
  return size;
}

/** Null for a frame of another step. */
function decodeFrame(bytes: Buffer, step: string): StateFrame | null {
  const entries = bytes.readUInt32LE(4);
  const labelEnd = HEAD_BYTES + bytes.readUInt32LE(8);
  const inflatedBytes = bytes.readUInt32LE(12);
  const bodyAt = aligned(labelEnd);
  if (bodyAt > bytes.length) throw notAFrame();
  if (bytes.toString('utf8', HEAD_BYTES, labelEnd) !== step) return null;
  const body = bytes.subarray(bodyAt);
  // A copy, which begins at an offset of 0 and shares its memory with no other frame.
  const own = new Uint8Array(inflatedBytes > 0 ? inflated(body, inflatedBytes) : body);
  return { step, ...decodeBody(own, entries) };
}

function inflated(body: Buffer, bytes: number): Buffer {
  const inflatedBody = inflateRawSync(body, { maxOutputLength: bytes });
  if (inflatedBody.length !== bytes) throw notAFrame();
  return inflatedBody;
}

function decodeBody(body: Uint8Array, entries: number): Pick<StateFrame, 'seqs' | 'values'> {
  const sizesAt = SEQ_BYTES * entries;
  let from = sizesAt + SIZE_BYTES * entries;
  if (from > body.length) throw notAFrame();
  const seqs = new Float64Array(body.buffer, 0, entries);
  const sizes = new Uint32Array(body.buffer, sizesAt, entries);
  const bytes = Buffer.from(body.buffer);
  const values: unknown[] = [];
  for (const size of sizes) {
    const to = from + (size >>> 1);
    if (to > bytes.length) throw notAFrame();
    const value = bytes.subarray(from, to);
    values.push(size % 2 === 0 ? value : JSON.parse(value.toString()));
    from = to;
  }
  return { seqs, values };
}

function notAFrame(found = 'found bytes that are no frame'): ScaleQuestError {
  return new ScaleQuestError('ERR_DATA_INVALID', `${found}, expected the frames of a state`);
}
