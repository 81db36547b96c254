import { foreignState } from '../foreignState.js';

/** A vector that was added to an index, and its label, as bytes for the state of a run. */
export function encodeVector(vector: Int8Array, label: number): Uint8Array {
  const bytes = Buffer.alloc(LABEL_BYTES + vector.length);
  bytes.writeInt32LE(label);
  bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.length), LABEL_BYTES);
  return bytes;
}

/** Throws ERR_DATA_INVALID for what `encodeVector` did not write. The vector shares its memory. */
export function decodeVector(encoded: unknown): { vector: Int8Array; label: number } {
  if (!(encoded instanceof Uint8Array) || encoded.length <= LABEL_BYTES)
    throw foreignState(encoded, EXPECTED);
  const { buffer, byteOffset, length } = encoded;
  const vector = new Int8Array(buffer, byteOffset + LABEL_BYTES, length - LABEL_BYTES);
  return { vector, label: new DataView(buffer, byteOffset).getInt32(0, true) };
}

const LABEL_BYTES = 4;
const EXPECTED = 'the vector of a question as this version of deduplicate writes it with `by: embedding`';
