import xxhash from 'xxhash-wasm';
import { words } from '../words.js';
import { scramble } from './scramble.js';

const { h64, h64Raw } = await xxhash();

/** The words of a text as hashes. */
export interface WordHashes {
  /** Halves of a 64-bit hash of all words in order: equal for texts of equal words. */
  readonly keyLow: number;
  readonly keyHigh: number;
  readonly count: number;
  /** The first `count` are the words, in order. */
  readonly hashes: Int32Array;
}

export interface WordHashesOptions {
  /** All numbers count as one word. */
  ignoreNumbers: boolean;
}

/**
 * Reads one text after the other into the same memory: each call gives the same object anew. A text of ASCII characters is read
 * in one pass without making strings, and to the same words as by `words`, which reads the others.
 */
export function wordHashesReader({ ignoreNumbers }: WordHashesOptions): (text: string) => WordHashes {
  const key = new BigUint64Array(1);
  const keyHalves = new Int32Array(key.buffer);
  let hashes = new Int32Array(1 << 10);
  let bytes = new Uint8Array(1 << 12);
  /** The words with a space between them, for the hash of all. */
  let folded = new Uint8Array(2 << 12);
  const result = { keyLow: 0, keyHigh: 0, count: 0, hashes };

  /** The number of words, or -1 for a text with other characters. */
  function readAscii(text: string): number {
    const { read, written: end } = encoder.encodeInto(text, bytes);
    if (end !== text.length || read !== end) return -1;
    bytes[end] = 0;
    let count = 0;
    let length = 0;
    for (let at = 0; at < end;) {
      const kind = KINDS[bytes[at]!]!;
      if (kind === OTHER || (kind === MARK && !isFactorial(bytes, at))) {
        at += 1;
        continue;
      }
      if (length > 0) folded[length++] = SPACE;
      if (kind === DIGIT && ignoreNumbers) {
        at = endOfNumber(bytes, at);
        folded[length++] = ZERO;
        hashes[count++] = NUMBER_HASH;
        continue;
      }
      const wordEnd = kind === DIGIT ? endOfNumber(bytes, at) : at + 1;
      let hash = FNV_OFFSET;
      do {
        const lower = LOWER[bytes[at++]!]!;
        folded[length++] = lower;
        hash = Math.imul(hash ^ lower, FNV_PRIME);
      } while (at < wordEnd || (kind === LETTER && KINDS[bytes[at]!] === LETTER));
      hashes[count++] = scramble(hash);
    }
    key[0] = h64Raw(folded.subarray(0, length));
    return count;
  }

  function readAny(text: string): number {
    const found = words(text);
    const tokens = ignoreNumbers ? found.map((word) => (NUMBER.test(word) ? '0' : word)) : found;
    if (tokens.length > hashes.length) hashes = new Int32Array(2 * tokens.length);
    for (const [at, token] of tokens.entries()) hashes[at] = hashWord(token);
    key[0] = h64(tokens.join(' '));
    return tokens.length;
  }

  return (text) => {
    // A text may have as many words as characters, and one byte must be left behind it.
    if (text.length >= bytes.length) {
      bytes = new Uint8Array(2 * text.length);
      folded = new Uint8Array(2 * bytes.length);
    }
    if (text.length > hashes.length) hashes = new Int32Array(2 * text.length);
    const count = readAscii(text);
    result.count = count < 0 ? readAny(text) : count;
    result.keyLow = keyHalves[0]!;
    result.keyHigh = keyHalves[1]!;
    result.hashes = hashes;
    return result;
  };
}

/** What an ASCII character is in `words`. */
const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const SIGN = 3;
/** `!`, which is a sign behind a number or a closing bracket alone. */
const MARK = 4;

const encoder = new TextEncoder();
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)));
const LOWER = Uint8Array.from({ length: 128 }, (_, code) =>
  String.fromCharCode(code).toLowerCase().charCodeAt(0),
);

function kindOf(character: string): number {
  if (/[A-Za-z]/.test(character)) return LETTER;
  if (/\d/.test(character)) return DIGIT;
  if (character === '!') return MARK;
  return words(character).length > 0 ? SIGN : OTHER;
}

const SPACE = 0x20;
const ZERO = 0x30;
const POINT = 0x2e;
const COMMA = 0x2c;
const CLOSING = 0x29;

/** Whether a `!` at this place is a factorial. */
function isFactorial(bytes: Uint8Array, at: number): boolean {
  return at > 0 && (KINDS[bytes[at - 1]!] === DIGIT || bytes[at - 1] === CLOSING);
}

/** Digits, with a point or a comma between them. A byte that is none stands behind the text. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let end = start + 1;
  for (;;) {
    while (KINDS[bytes[end]!] === DIGIT) end += 1;
    if ((bytes[end] !== POINT && bytes[end] !== COMMA) || KINDS[bytes[end + 1]!] !== DIGIT) return end;
    end += 2;
  }
}

const NUMBER = /^\p{N}/u;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const NUMBER_HASH = hashWord('0');

function hashWord(word: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), FNV_PRIME);
  return scramble(hash);
}
