import xxhash from 'xxhash-wasm';

const { h64Raw } = await xxhash();

/**
 * Finds the benchmark questions that share an n-gram of words with a text. This is GPT-3's check (Brown et al. 2020, section 4 and
 * appendix C): words in one case without punctuation, n = 13, and the whole question where it is shorter. One thing differs: GPT-3
 * splits words at spaces; here signs separate words too, so that `x+1` and `x + 1` are the same.
 *
 * Memory: two tables of 64-bit hashes (xxHash), about 36 bytes an n-gram, so 1.5 KB a question of 50 words. Two different n-grams
 * have the same hash by chance once in 2^64 / (n-grams in the index) look-ups.
 */
export interface BenchmarkIndex {
  readonly size: number;
  /** The questions that share something with these words, in the order in which they were added. */
  find(words: readonly string[]): Overlap[];
}

export interface Overlap {
  /** Number of the question in the order of adding, from 0. */
  item: number;
  /**
   * Distinct n-grams in common, divided by those of the question that has fewer of them (the overlap coefficient); 1 for a short
   * question that is the same as a whole.
   */
  share: number;
}

/** A character of a script without spaces is a word; a number is one, with its thousands and decimals; signs only separate. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|\p{N}+(?:,\p{N}{3}(?!\p{N}))*(?:\.\p{N}+)*|[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu;

/** Words in one case and one form of each character, without punctuation: `Don’t pay $1,000!` is dont, pay, 1000. */
export function benchmarkWords(text: string): string[] {
  const found = text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
  return found.map((word) => (/[',’]/.test(word) ? word.replace(/[',’]/g, '') : word));
}

/** `wordsMin`: how many consecutive words two questions must share, the n of the n-grams. */
export function createBenchmarkIndex(
  questions: Iterable<readonly string[]>,
  wordsMin: number,
): BenchmarkIndex {
  const short = new Map<string, number[]>();
  const table = createPostings();
  /** How many distinct n-grams each question has. */
  const ngrams: number[] = [];

  function add(words: readonly string[]): void {
    const item = ngrams.length;
    if (words.length >= wordsMin) return void ngrams.push(table.add(hashNgrams(words, wordsMin), item));
    ngrams.push(1);
    const key = words.join(' ');
    if (key !== '') short.set(key, [...(short.get(key) ?? []), item]);
  }

  function find(words: readonly string[]): Overlap[] {
    if (words.length < wordsMin) {
      return (short.get(words.join(' ')) ?? []).map((item) => ({ item, share: 1 }));
    }
    const hashes = hashNgrams(words, wordsMin);
    const common = table.find(hashes);
    if (common.size === 0) return [];
    const own = new Set(hashes).size;
    return [...common]
      .sort(([a], [b]) => a - b)
      .map(([item, count]) => ({ item, share: count / Math.min(own, ngrams[item]!) }));
  }

  for (const words of questions) add(words);
  return { size: ngrams.length, find };
}

const encoder = new TextEncoder();

/** The hash of every n-gram of `wordsMin` words. */
function hashNgrams(words: readonly string[], wordsMin: number): BigUint64Array {
  const bytes = encoder.encode(words.join(' '));
  /** Where each word begins; one more for the end of the text and the space that would follow. */
  const starts = [0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === SPACE) starts.push(at + 1);
  starts.push(bytes.length + 1);
  const hashes = new BigUint64Array(words.length - wordsMin + 1);
  for (let at = 0; at < hashes.length; at++)
    hashes[at] = h64Raw(bytes.subarray(starts[at], starts[at + wordsMin]! - 1));
  return hashes;
}

const SPACE = 0x20;

interface Postings {
  /** Gives the number of distinct hashes. */
  add(hashes: BigUint64Array, item: number): number;
  /** Item → how many of the distinct hashes it has. */
  find(hashes: BigUint64Array): Map<number, number>;
}

/** Hash → items, by open addressing; the items of a hash are a chain, the latest first. */
function createPostings(): Postings {
  let keys = new BigUint64Array(1 << 12);
  let heads = new Int32Array(1 << 12).fill(-1);
  let used = 0;
  const chains = createChains();
  /** The key that is being looked up, seen as two halves: that avoids arithmetic on bigints. */
  const current = new BigUint64Array(1);
  const halves = new Uint32Array(current.buffer);

  /** The slot of a key, or the free one where it belongs. */
  function slotOf(key: bigint): number {
    current[0] = key;
    const mask = heads.length - 1;
    let slot = halves[0]! & mask;
    while (heads[slot]! >= 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  function add(hashes: BigUint64Array, item: number): number {
    let distinct = 0;
    for (const key of hashes) {
      if (2 * used >= heads.length) widen();
      const slot = slotOf(key);
      const head = heads[slot]!;
      // Items are added one after the other, so an n-gram that the item has twice is the latest in its chain.
      if (head >= 0 && chains.item(head) === item) continue;
      if (head < 0) used += 1;
      keys[slot] = key;
      heads[slot] = chains.post(item, head);
      distinct += 1;
    }
    return distinct;
  }

  function widen(): void {
    const [oldKeys, oldHeads] = [keys, heads];
    keys = new BigUint64Array(2 * oldKeys.length);
    heads = new Int32Array(2 * oldHeads.length).fill(-1);
    oldHeads.forEach((head, at) => {
      if (head < 0) return;
      const slot = slotOf(oldKeys[at]!);
      keys[slot] = oldKeys[at]!;
      heads[slot] = head;
    });
  }

  function find(hashes: BigUint64Array): Map<number, number> {
    const common = new Map<number, number>();
    const seen = new Set<number>();
    for (const key of hashes) {
      const slot = slotOf(key);
      if (heads[slot]! < 0 || seen.has(slot)) continue;
      seen.add(slot);
      for (let at = heads[slot]!; at >= 0; at = chains.next(at)) {
        common.set(chains.item(at), (common.get(chains.item(at)) ?? 0) + 1);
      }
    }
    return common;
  }

  return { add, find };
}

/** Linked lists in two arrays. */
interface Chains {
  /** Puts an item before `next`, or before nothing (-1); gives its place. */
  post(item: number, next: number): number;
  item(at: number): number;
  next(at: number): number;
}

function createChains(): Chains {
  let items = new Int32Array(1 << 12);
  let nexts = new Int32Array(1 << 12);
  let size = 0;
  return {
    post(item, next) {
      if (size === items.length) {
        items = doubled(items);
        nexts = doubled(nexts);
      }
      items[size] = item;
      nexts[size] = next;
      return size++;
    },
    item: (at) => items[at]!,
    next: (at) => nexts[at]!,
  };
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(2 * array.length);
  wider.set(array);
  return wider;
}
