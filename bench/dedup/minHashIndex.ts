/**
 * The rival: MinHash signatures (Broder 1997) of word 3-grams in a banded index that doubles in one step, as `deduplicate` had it first.
 */
const PERMUTATIONS = 128;
const SHINGLE_WORDS = 3;

/**
 * The signature of a text: 128 minima of 16 bits. Two different minima are equal by chance once in 65,536, far below the estimate's
 * own error of 0.035.
 */
export type Signature = Uint16Array;

/** The signatures of the texts that were added, and the nearest of them to another. */
export interface MinHashIndex {
  /** Number of the most similar stored text that reaches the threshold, and the estimate; null if none does. */
  find(signature: Signature): { index: number; similarity: number } | null;
  add(signature: Signature): void;
  readonly size: number;
}

/** An index that finds texts with an estimated similarity of at least `threshold`, from 0 to 1. */
export function createMinHashIndex(threshold: number, bands: number): MinHashIndex {
  const bandRows = PERMUTATIONS / bands;
  let signatures = new Uint16Array(1024 * PERMUTATIONS);
  let nextEntry = new Int32Array(1024 * bands);
  let heads = new Int32Array(1024 * bands * 2).fill(-1);
  let size = 0;
  const unequalMax = PERMUTATIONS - Math.floor(threshold * PERMUTATIONS);

  function slot(signature: Signature, offset: number, band: number): number {
    let hash = Math.imul(band + 1, 0x9e3779b1);
    for (let row = 0; row < bandRows; row++)
      hash = scramble(hash ^ signature[offset + band * bandRows + row]!);
    return (hash >>> 0) & (heads.length - 1);
  }

  function find(signature: Signature): { index: number; similarity: number } | null {
    const best = { index: -1, similarity: 0 };
    for (let band = 0; band < bands; band++) {
      for (let entry = heads[slot(signature, 0, band)]!; entry >= 0; entry = nextEntry[entry]!) {
        const index = Math.floor(entry / bands);
        if (index === best.index) continue;
        const similarity = similarityTo(signature, index);
        if (similarity < threshold || similarity <= best.similarity) continue;
        best.index = index;
        best.similarity = similarity;
      }
    }
    return best.index < 0 ? null : best;
  }

  /** 0 as soon as it can no longer reach the threshold, as for most that share a band. */
  function similarityTo(signature: Signature, index: number): number {
    const offset = index * PERMUTATIONS;
    let unequal = 0;
    for (let at = 0; at < PERMUTATIONS; at++) {
      if (signatures[offset + at] !== signature[at] && ++unequal > unequalMax) return 0;
    }
    return (PERMUTATIONS - unequal) / PERMUTATIONS;
  }

  function add(signature: Signature): void {
    if ((size + 1) * PERMUTATIONS > signatures.length) grow();
    signatures.set(signature, size * PERMUTATIONS);
    link(size++);
  }

  function link(index: number): void {
    for (let band = 0; band < bands; band++) {
      const head = slot(signatures, index * PERMUTATIONS, band);
      nextEntry[index * bands + band] = heads[head]!;
      heads[head] = index * bands + band;
    }
  }

  function grow(): void {
    const wider = new Uint16Array(signatures.length * 2);
    wider.set(signatures);
    signatures = wider;
    nextEntry = new Int32Array(nextEntry.length * 2);
    heads = new Int32Array(heads.length * 2).fill(-1);
    for (let index = 0; index < size; index++) link(index);
  }

  return {
    find,
    add,
    get size() {
      return size;
    },
  };
}

/** The signature of a text, from its words as `words` gives them. */
export function minHashSignature(tokens: readonly string[]): Signature {
  const shingles = hashShingles(tokens);
  const signature = new Uint16Array(PERMUTATIONS);
  for (let p = 0; p < PERMUTATIONS; p += 2) addMinima(shingles, p, signature);
  return signature;
}

/**
 * Computes two minima in one pass over the shingles. Values are shifted by half the range, so that signed numbers have the order of
 * unsigned ones.
 */
function addMinima(shingles: Int32Array, p: number, signature: Signature): void {
  const [m0, a0] = [MULTIPLIERS[p]!, ADDENDS[p]! ^ SIGN];
  const [m1, a1] = [MULTIPLIERS[p + 1]!, ADDENDS[p + 1]! ^ SIGN];
  let least0 = 0x7fffffff;
  let least1 = 0x7fffffff;
  for (let at = 0; at < shingles.length; at++) {
    const shingle = shingles[at]!;
    const value0 = (Math.imul(shingle, m0) + a0) | 0;
    const value1 = (Math.imul(shingle, m1) + a1) | 0;
    if (value0 < least0) least0 = value0;
    if (value1 < least1) least1 = value1;
  }
  // A minimum of many draws has leading zeros: the low half carries the information.
  signature[p] = scramble(least0 ^ SIGN);
  signature[p + 1] = scramble(least1 ^ SIGN);
}

const SIGN = 0x80000000 | 0;

function hashShingles(tokens: readonly string[]): Int32Array {
  const hashes = tokens.map(hashWord);
  const shingles = new Int32Array(Math.max(1, hashes.length - SHINGLE_WORDS + 1));
  for (let first = 0; first < shingles.length; first++) {
    const end = Math.min(first + SHINGLE_WORDS, hashes.length);
    for (let at = first; at < end; at++) shingles[first] = scramble(shingles[first]! ^ hashes[at]!);
  }
  return shingles;
}

const MULTIPLIERS = Int32Array.from({ length: PERMUTATIONS }, (_, p) => scramble(2 * p + 1) | 1);
const ADDENDS = Int32Array.from({ length: PERMUTATIONS }, (_, p) => scramble(0x5bd1e995 + p));

function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return scramble(hash);
}

/** MurmurHash3's finaliser: every input bit reaches every output bit. */
function scramble(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
