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
  /** Adds the next question. */
  add(words: readonly string[]): void;
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
export function createBenchmarkIndex(wordsMin: number): BenchmarkIndex {
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

  return { add, find };
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

/** So many tables hold the hashes. Each grows by itself, so that no growth holds the event loop for long. */
const TABLES = 256;

/** Hash → items; the items of a hash are a chain, the latest first. */
function createPostings(): Postings {
  /** The key that is being looked up, seen as two halves: that avoids arithmetic on bigints. */
  const current = new BigUint64Array(1);
  const halves = new Uint32Array(current.buffer);
  const tables = Array.from({ length: TABLES }, () => createHeads(current, halves));
  const chains = createChains();

  function tableOf(key: bigint): Heads {
    current[0] = key;
    return tables[halves[1]! % TABLES]!;
  }

  function add(hashes: BigUint64Array, item: number): number {
    let distinct = 0;
    for (const key of hashes) {
      const table = tableOf(key);
      const head = table.get(key);
      // Items are added one after the other, so an n-gram that the item has twice is the latest in its chain.
      if (head >= 0 && chains.item(head) === item) continue;
      table.set(key, chains.post(item, head));
      distinct += 1;
    }
    return distinct;
  }

  function find(hashes: BigUint64Array): Map<number, number> {
    const common = new Map<number, number>();
    const seen = new Set<number>();
    for (const key of hashes) {
      const head = tableOf(key).get(key);
      // No two hashes have one head.
      if (head < 0 || seen.has(head)) continue;
      seen.add(head);
      for (let at = head; at >= 0; at = chains.next(at)) {
        common.set(chains.item(at), (common.get(chains.item(at)) ?? 0) + 1);
      }
    }
    return common;
  }

  return { add, find };
}

/** Hash → head of its chain, by open addressing. */
interface Heads {
  /** -1 for none. */
  get(key: bigint): number;
  set(key: bigint, head: number): void;
}

const HEADS_FIRST = 16;

function createHeads(current: BigUint64Array, halves: Uint32Array): Heads {
  let keys = new BigUint64Array(HEADS_FIRST);
  let heads = new Int32Array(HEADS_FIRST).fill(-1);
  let used = 0;

  /** The slot of a key, or the free one where it belongs. */
  function slotOf(key: bigint): number {
    current[0] = key;
    const mask = heads.length - 1;
    let slot = halves[0]! & mask;
    while (heads[slot]! >= 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  function set(key: bigint, head: number): void {
    if (2 * used >= heads.length) widen();
    const slot = slotOf(key);
    if (heads[slot]! < 0) used += 1;
    keys[slot] = key;
    heads[slot] = head;
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

  return { get: (key) => heads[slotOf(key)]!, set };
}

/** Linked lists in two arrays. To copy them is quick, however long they are. */
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
