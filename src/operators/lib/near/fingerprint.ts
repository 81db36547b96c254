import { foreignState } from '../foreignState.js';
import type { Bands } from './bands.js';
import type { Shingles } from './shingles.js';
import { BINS, writeSignature } from './signature.js';

/**
 * What is remembered of a text, in 12 + 4 · bands + 2 · shingles bytes: the hash of its words, the hashes of its bands, and its shingles
 * as 16 bits each. Of a text with more than SHINGLES_MAX shingles it is a sample: those whose hash begins with at least so many zeros, the
 * fewest that leave few enough.
 */
export interface Fingerprint {
  readonly keyLow: number;
  readonly keyHigh: number;
  readonly bands: Int32Array;
  readonly zeros: number;
  /** The first `count` are the shingles. */
  readonly shingles: Uint16Array;
  readonly count: number;
}

/** Reads and writes fingerprints in one piece of memory: each call gives the same object anew. */
export interface Fingerprints {
  of(shingles: Shingles): Fingerprint;
  /** The bytes of the last one, for the state of a run. */
  encode(): Uint8Array;
  /** Throws ERR_DATA_INVALID for what `encode` did not write. */
  decode(encoded: unknown): Fingerprint;
}

export const SHINGLES_MAX = 256;

const HEAD_WORDS = 3;
const KEY_BYTES = 8;
const WORD_BYTES = 4;
const SHINGLE_BYTES = 2;

/** `bands`: null to keep the hash of the words alone. */
export function createFingerprints(bands: Bands | null): Fingerprints {
  const bandCount = bands?.count ?? 0;
  const headBytes = bands ? WORD_BYTES * (HEAD_WORDS + bandCount) : KEY_BYTES;
  const bytes = Buffer.alloc(WORD_BYTES * HEAD_WORDS + WORD_BYTES * bandCount + SHINGLE_BYTES * SHINGLES_MAX);
  // A buffer of its own, which begins at an offset of 0.
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, HEAD_WORDS);
  const bins = new Int32Array(BINS);
  const fingerprint = {
    ...{ keyLow: 0, keyHigh: 0, zeros: 0, count: 0 },
    bands: new Int32Array(bytes.buffer, bytes.byteOffset + WORD_BYTES * HEAD_WORDS, bandCount),
    shingles: new Uint16Array(
      bytes.buffer,
      bytes.byteOffset + WORD_BYTES * (HEAD_WORDS + bandCount),
      SHINGLES_MAX,
    ),
  };

  function of(shingles: Shingles): Fingerprint {
    fingerprint.keyLow = words[0] = shingles.keyLow;
    fingerprint.keyHigh = words[1] = shingles.keyHigh;
    if (!bands) return fingerprint;
    writeSignature(shingles.hashes, shingles.count, bins);
    bands.write(bins, fingerprint.bands);
    sample(shingles);
    return fingerprint;
  }

  function sample(shingles: Shingles): void {
    const { hashes, count } = shingles;
    let zeros = 0;
    while (countWith(shingles, zeros) > SHINGLES_MAX) zeros += 1;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const hash = hashes[at]!;
      if (zeros === 0 || zerosOf(hash) >= zeros) fingerprint.shingles[kept++] = hash;
    }
    fingerprint.zeros = words[2] = zeros;
    fingerprint.count = kept;
  }

  function decode(encoded: unknown): Fingerprint {
    if (!(encoded instanceof Uint8Array)) throw foreignState(encoded, EXPECTED);
    const count = (encoded.length - headBytes) / SHINGLE_BYTES;
    const isWhole = bands ? Number.isInteger(count) && count >= 1 && count <= SHINGLES_MAX : count === 0;
    if (!isWhole) throw foreignState(encoded, EXPECTED);
    bytes.set(encoded);
    fingerprint.keyLow = words[0]!;
    fingerprint.keyHigh = words[1]!;
    fingerprint.zeros = bands ? words[2]! : 0;
    fingerprint.count = count;
    return fingerprint;
  }

  return {
    of,
    // In memory that many share: to allocate each alone would take longer than to make it.
    encode: () => Buffer.from(bytes.subarray(0, headBytes + SHINGLE_BYTES * fingerprint.count)),
    decode,
  };
}

/** How many shingles of a text begin with at least so many zeros. */
export function countWith({ hashes, count }: Shingles, zeros: number): number {
  if (zeros === 0) return count;
  let found = 0;
  for (let at = 0; at < count; at++) if (zerosOf(hashes[at]!) >= zeros) found += 1;
  return found;
}

/** Leading zeros of the hash, scrambled once more: its own bits choose the bins of the signature. */
export function zerosOf(hash: number): number {
  return Math.clz32(Math.imul(hash, 0x9e3779b1));
}

const EXPECTED = 'the fingerprint of a question as this version of deduplicate writes it with these options';
