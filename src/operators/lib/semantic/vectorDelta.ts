import { ScaleQuestError } from '../../../errors.js';

/** A vector that was added to an index, and its label, as text for the state of a run. */
export function encodeVector(vector: Int8Array, label: number): string {
  const bytes = Buffer.alloc(LABEL_BYTES + vector.length);
  bytes.writeInt32LE(label);
  bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.length), LABEL_BYTES);
  return bytes.toString('base64');
}

/** Throws ERR_DATA_INVALID for a text that `encodeVector` did not write. */
export function decodeVector(text: string): { vector: Int8Array; label: number } {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length <= LABEL_BYTES || bytes.toString('base64') !== text) throw foreign(text);
  const vector = new Int8Array(bytes.buffer, bytes.byteOffset + LABEL_BYTES, bytes.length - LABEL_BYTES);
  return { vector, label: bytes.readInt32LE() };
}

const LABEL_BYTES = 4;

function foreign(text: string): ScaleQuestError {
  const shown = text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `the state of a run holds ${JSON.stringify(shown)}, expected the vector of a question as this version of deduplicate writes it ` +
      'with `by: embedding`. Start anew beside the run with --fresh.',
  );
}

const SHOWN_CHARS_MAX = 40;
