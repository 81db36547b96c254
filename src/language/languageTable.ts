/**
 * What eld knows of languages, as `scripts/languageTable.mjs` writes it from eld's own modules. These take 0.2 s and 80 MB to load, for
 * each n-gram is an object of its own there.
 */
export interface LanguageTable {
  /** ISO 639-1 codes. */
  languages: readonly string[];
  /** The mean score of a language's texts where it is recognised. */
  averages: readonly number[];
  /** Pattern of what stands between words; with the flags `gu`. */
  separators: string;
  /** The sign that stands for each byte of UTF-8 in the n-grams, as a code of Latin-1; bytes that no known letter has share one. */
  signs: readonly number[];
  /** The n-grams, up to six signs each, as numbers in base 256. */
  ngrams: readonly number[];
  /** How many languages know the n-gram. */
  counts: readonly number[];
  /** For those of each n-gram in turn: 512 times the index of the language, and the score. */
  scores: readonly number[];
}

/** Of the module `#languages`, which each build makes. */
export declare const languageTable: LanguageTable;

/** What a language gains by an n-gram. */
export interface NgramScores {
  /** Where an n-gram lies; −1 for one that no language knows. */
  find(ngram: number): number;
  /** Adds what each language gains by the n-gram that lies there. */
  addTo(sums: Float64Array, at: number): void;
}

/** At most two of five slots are taken. */
const SLOT_BITS = 17;
const SLOTS = 2 ** SLOT_BITS;

/** The scores by n-gram, in an open hash table: 2 MB. */
export function ngramScores({ ngrams, counts, scores }: LanguageTable): NgramScores {
  const keys = new Float64Array(SLOTS);
  const starts = new Uint32Array(SLOTS);
  const ends = new Uint32Array(SLOTS);
  const packed = Uint16Array.from(scores);

  function find(ngram: number): number {
    for (let at = slotOf(ngram); keys[at] !== 0; at = (at + 1) % SLOTS) if (keys[at] === ngram) return at;
    return -1;
  }

  let end = 0;
  for (const [index, ngram] of ngrams.entries()) {
    let at = slotOf(ngram);
    while (keys[at] !== 0) at = (at + 1) % SLOTS;
    keys[at] = ngram;
    starts[at] = end;
    end += counts[index]!;
    ends[at] = end;
  }

  return {
    find,
    addTo(sums, at) {
      for (let each = starts[at]!; each < ends[at]!; each++) {
        const score = packed[each]!;
        sums[score >>> 9]! += score & 511;
      }
    },
  };
}

/** Fibonacci hashing of both halves of the number. */
function slotOf(ngram: number): number {
  const high = Math.floor(ngram / 2 ** 32);
  return Math.imul(ngram ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> (32 - SLOT_BITS);
}
