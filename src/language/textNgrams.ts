import type { LanguageTable } from './languageTable.js';

/** Of a text no more is looked at. */
const CHARS_MAX = 1000;
/** The word that passes the first is the last one; what passes the second is cut. */
const BYTES_MAX = 350;
const BYTES_END = 380;
/** Of a word no more is taken apart; what is behind it is one n-gram. */
const WORD_SIGNS_MAX = 70;
const NGRAM_SIGNS = 4;
const STRIDE = 3;

const SPACE = 0x20;

/**
 * Takes texts apart as eld does: words of letters in small ones, in UTF-8, four bytes by four, of which neighbours share one; the first of
 * a word has a space before it, the last one behind it. The same n-gram is told once a text.
 */
export function ngramReader({ separators, signs }: LanguageTable): (text: string) => Set<number | string> {
  const between = new RegExp(separators, 'gu');

  return (text) => {
    const words = text.substring(0, CHARS_MAX).replace(between, ' ').trim().toLowerCase();
    const found = new Set<number | string>();
    const word: number[] = [];
    let bytes = 0;
    const put = (...all: readonly number[]): void => {
      for (const byte of all) word.push(signs[byte]!);
      bytes += all.length;
    };
    for (let at = 0; at < words.length && bytes <= BYTES_END; at++) {
      const code = words.charCodeAt(at);
      if (code === SPACE) {
        takeWord(word, found);
        if (bytes > BYTES_MAX) return found;
        bytes += 1;
      } else if (code < 0x80) {
        word.push(code);
        bytes += 1;
      } else if (code < 0x800) put(0xc0 | (code >> 6), last6(code));
      else if (code < 0xd800 || code >= 0xe000) put(0xe0 | (code >> 12), last6(code >> 6), last6(code));
      else {
        // Half of a pair: whatever follows is read as the other one.
        at += 1;
        const point = 0x10000 + (((code & 0x3ff) << 10) | (words.charCodeAt(at) & 0x3ff));
        put(0xf0 | (point >> 18), last6(point >> 12), last6(point >> 6), last6(point));
      }
    }
    takeWord(word, found);
    return found;
  };
}

/** The last six bits, as a byte that goes on. */
function last6(code: number): number {
  return 0x80 | (code & 0x3f);
}

/** Adds the n-grams of a word, and empties it. */
function takeWord(word: number[], found: Set<number | string>): void {
  if (word.length === 0) return;
  const length = Math.min(word.length, WORD_SIGNS_MAX);
  let at = 0;
  for (; at + NGRAM_SIGNS < length; at += STRIDE) {
    const ngram = packed(at === 0 ? SPACE : 0, word, at, at + NGRAM_SIGNS);
    found.add(ngram);
  }
  const opening = at === 0 ? SPACE : 0;
  const from = Math.max(length - NGRAM_SIGNS, 0);
  // No language knows what stands at the end of a long word; it counts as one n-gram all the same.
  found.add(
    word.length > WORD_SIGNS_MAX
      ? word.slice(from).join()
      : packed(opening, word, from, word.length) * 256 + SPACE,
  );
  word.length = 0;
}

/** `opening` and the signs from `from` to `to`, as a number in base 256. */
function packed(opening: number, word: readonly number[], from: number, to: number): number {
  let ngram = opening;
  for (let at = from; at < to; at++) ngram = ngram * 256 + word[at]!;
  return ngram;
}
