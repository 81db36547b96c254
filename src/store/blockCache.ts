import { type Replies, textAt } from './replies.js';

/** A run that is repeated asks in about the order of the first one, so the blocks read last answer most calls. */
const CACHE_BYTES_MAX = 48 << 20;

export interface BlockCache {
  get(key: string): string | undefined;
  add(block: Replies): void;
  /** Forgets replies that were replaced by later ones. */
  forget(keys: readonly string[]): void;
}

/** Unpacked blocks that were read last, by the keys of their replies. The oldest block goes first. */
export function createBlockCache(bytesMax = CACHE_BYTES_MAX): BlockCache {
  const entries = new Map<string, { block: Replies; at: number }>();
  const blocks: Replies[] = [];
  let bytes = 0;

  function evictOldest(): void {
    const oldest = blocks.shift()!;
    bytes -= oldest.texts.length;
    for (const key of oldest.keys) if (entries.get(key)?.block === oldest) entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      return entry && textAt(entry.block, entry.at);
    },
    add(block) {
      for (const [at, key] of block.keys.entries()) entries.set(key, { block, at });
      blocks.push(block);
      bytes += block.texts.length;
      while (bytes > bytesMax && blocks.length > 1) evictOldest();
    },
    forget(keys) {
      for (const key of keys) entries.delete(key);
    },
  };
}
