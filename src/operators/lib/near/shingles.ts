import { createIntSet } from './intSet.js';
import { scramble } from './scramble.js';
import { type WordHashesOptions, wordHashesReader } from './wordHashes.js';

/**
 * What `deduplicate` compares of a text: a hash of its words in order, and the set of its word 3-grams (shingles, Broder 1997),
 * hashed to 32 bits. It takes word 3-grams because two maths questions that differ in their numbers alone share most of their
 * characters, and are not the same question.
 */
export interface Shingles {
  /** Halves of a 64-bit hash of the words: equal for texts of equal words. */
  readonly keyLow: number;
  readonly keyHigh: number;
  /** How many distinct 3-grams; at least 1. A text of fewer than three words has one. */
  readonly count: number;
  /** The distinct 3-grams are the first `count` of them, in the order of the text. */
  readonly hashes: Int32Array;
}

/**
 * Reads one text after the other into the same memory: each call gives the same object anew.
 *
 * @example
 * const read = shinglesReader({ ignoreNumbers: false });
 * const { count } = read('How many coins does she earn in a week?'); // 7
 */
export function shinglesReader(options: WordHashesOptions): (text: string) => Shingles {
  const readWords = wordHashesReader(options);
  const set = createIntSet();
  const shingles = { keyLow: 0, keyHigh: 0, count: 0, hashes: new Int32Array(1 << 10) };

  function addShingles(words: Int32Array, wordCount: number): void {
    const shinglesMax = Math.max(1, wordCount - SHINGLE_WORDS + 1);
    if (shinglesMax > shingles.hashes.length) shingles.hashes = new Int32Array(2 * shinglesMax);
    const { hashes } = shingles;
    set.clear(shinglesMax);
    let count = 0;
    for (let first = 0; first < shinglesMax; first++) {
      const one = first < wordCount ? words[first]! : 0;
      const two = first + 1 < wordCount ? words[first + 1]! : 0;
      const three = first + 2 < wordCount ? words[first + 2]! : 0;
      const hash = scramble(Math.imul(one, FACTOR_ONE) + Math.imul(two, FACTOR_TWO) + three);
      if (set.add(hash)) hashes[count++] = hash;
    }
    shingles.count = count;
  }

  return (text) => {
    const words = readWords(text);
    shingles.keyLow = words.keyLow;
    shingles.keyHigh = words.keyHigh;
    addShingles(words.hashes, words.count);
    return shingles;
  };
}

const SHINGLE_WORDS = 3;
const FACTOR_ONE = 0x85ebca77 | 0;
const FACTOR_TWO = 0xc2b2ae3d | 0;
