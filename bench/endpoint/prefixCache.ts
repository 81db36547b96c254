import { deriveSeed } from '../../src/random.js';

/**
 * The shape of vLLM's automatic prefix caching: a prompt is cut into blocks of 16 tokens, each known by itself and all that
 * stands before it; only whole blocks are kept; of what is kept the longest unused goes first, a prompt's end before its
 * start. Blocks count as kept from the moment their sequence is admitted.
 */
export interface PrefixCache {
  /** How many of a prompt's leading blocks are there; all of them are from now on. */
  admit(blocks: readonly number[]): number;
}

export const BLOCK_TOKENS = 16;

export function createPrefixCache(blocksMax: number): PrefixCache {
  /** In order of use, the longest unused first. */
  const kept = new Set<number>();
  return {
    admit(blocks) {
      const missing = blocks.findIndex((block) => !kept.has(block));
      for (const block of blocks.toReversed()) {
        kept.delete(block);
        kept.add(block);
      }
      for (const block of kept) {
        if (kept.size <= blocksMax) break;
        kept.delete(block);
      }
      return missing < 0 ? blocks.length : missing;
    },
  };
}

/** The whole blocks of a prompt but for its last token, which is always computed. */
export function blocksOf(prompt: string, charsPerToken: number): number[] {
  const tokens = Math.ceil(prompt.length / charsPerToken);
  const blocks: number[] = [];
  let hash = 0;
  for (let at = 0; at < Math.floor((tokens - 1) / BLOCK_TOKENS); at++) {
    const from = at * BLOCK_TOKENS * charsPerToken;
    hash = deriveSeed(hash, prompt.slice(from, from + BLOCK_TOKENS * charsPerToken), at);
    blocks.push(hash);
  }
  return blocks;
}
