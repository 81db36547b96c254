import { ScaleQuestError } from '../../errors.js';
import type { Files } from '../../io/files/files.js';
import { createBlockCache } from '../blockCache.js';
import { type StoreDatabase, decodeBlock, readDatabase } from '../database/database.js';
import { keyBytes, textAt } from '../replies.js';

/** The replies of a store, to read only. */
export interface StoredReplies {
  readonly path: string;
  /** The reply's text, by a key as `Store.get` takes it. Throws ERR_STORE_DAMAGED. */
  get(key: string): string | undefined;
  close(): Promise<void>;
}

/**
 * Opens a store to read its replies, also those that a killed run has logged and not packed. Nothing is written. Throws
 * ERR_STORE_OPEN where there is none, and as `openStoreTables`.
 */
export async function readReplies(files: Files, path: string): Promise<StoredReplies> {
  const opened = (await files.stat(path)) ? await readDatabase(files, path) : null;
  if (!opened) {
    const message = `there is no store of replies at ${path}, expected the one that the run was made with`;
    throw new ScaleQuestError('ERR_STORE_OPEN', message, { data: { path } });
  }
  const { database, close } = opened;
  const logged = loggedReplies(database);
  const cache = createBlockCache();
  return {
    path,
    get(key) {
      const text = logged.get(key) ?? cache.get(key);
      if (text !== undefined) return text;
      const { index, blocks } = database.tables;
      const blockId = index.getBinary(keyBytes(key));
      if (!blockId) return undefined;
      cache.add(decodeBlock(database, blockId, blocks.getBinary(blockId)));
      return cache.get(key);
    },
    close,
  };
}

/** About a MiB of texts at most: then a run packs them. */
function loggedReplies(database: StoreDatabase): Map<string, string> {
  const texts = new Map<string, string>();
  const { log, blocks } = database.tables;
  for (const { key, value } of log.getRange()) {
    const blockId = Buffer.from(key);
    const replies = decodeBlock(database, blockId, value.length > 0 ? value : blocks.getBinary(blockId));
    for (const [at, own] of replies.keys.entries()) texts.set(own, textAt(replies, at));
  }
  return texts;
}
