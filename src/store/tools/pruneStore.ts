import { ScaleQuestError } from '../../errors.js';
import { type Files, byCodeUnits } from '../../io/files/files.js';
import type { BlockCodec } from '../blockCodec.js';
import { blockTimeMs } from '../blockKey.js';
import { type StoreDatabase, transact } from '../database/database.js';
import { textAt } from '../replies.js';
import { PRUNE_WRITE, countPrune, removeStepResults } from '../stepResults.js';
import { type StoredBlock, storedBlocks } from './storedBlocks.js';
import { useToWrite } from './useDatabase.js';

/** What to remove: a run's replies, those that came before a moment, or what cannot be read. */
export type Prune =
  { run: string } | { beforeMs: number } | { damaged: true; isReply: (text: string) => boolean };

/**
 * Removes replies, a block in each transaction, and all step results. The file keeps its size and uses the space again. Throws
 * as `openStoreTables`, ERR_STORE_WRITE, and ERR_USAGE for a run that the store does not know.
 */
export async function pruneStore(
  files: Files,
  path: string,
  prune: Prune,
): Promise<{ blocks: number; replies: number }> {
  return useToWrite(files, path, async (database) => {
    const chosen = 'run' in prune ? { run: findRun(database, prune.run) } : prune;
    // First, because a step result must not outlive the replies that it came from: from here on nobody finds one.
    await transact(database, PRUNE_WRITE, countPrune);
    await removeStepResults(database);
    const removed = await removeBlocks(database, chosen);
    // Those of processes that opened the store meanwhile.
    await removeStepResults(database);
    if ('damaged' in chosen) removed.replies += await removeDangling(database);
    if ('run' in chosen) {
      await transact(database, { keys: 1, valuesBytes: [] }, ({ runs }) => {
        void runs.remove(Buffer.from(chosen.run));
      });
    }
    return removed;
  });
}

/** The run of that name, or the only one whose path ends with it. */
function findRun(database: StoreDatabase, name: string): string {
  const runs = new Set([...database.tables.runs.getRange()].map(({ key }) => key.toString()));
  for (const { replies } of storedBlocks(database)) if (replies) runs.add(replies.run);
  const found = runs.has(name) ? [name] : [...runs].filter((run) => run.endsWith(`/${name}`));
  if (found.length === 1) return found[0]!;
  const known = [...runs].sort(byCodeUnits).join(', ') || '(it has none)';
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${found.length} runs named "${name}" in the store ${database.path}, expected one of: ${known}`,
  );
}

async function removeBlocks(
  database: StoreDatabase,
  prune: Prune,
): Promise<{ blocks: number; replies: number }> {
  const removed = { blocks: 0, replies: 0 };
  // A run in another process may checkpoint what we found in its log: then we look again.
  for (let isMoved = true; isMoved;) {
    isMoved = false;
    const blocks = [...storedBlocks(database)].filter((block) => isChosen(block, prune, database.codec));
    for (const block of blocks) {
      const replies = await removeBlock(database, block);
      if (replies === null) isMoved = true;
      else removed.blocks += 1;
      removed.replies += replies ?? 0;
    }
  }
  return removed;
}

/** Returns the number of replies that were removed, or null if the block is not there any more. */
async function removeBlock(
  database: StoreDatabase,
  { table, blockId, replies }: StoredBlock,
): Promise<number | null> {
  const keys = replies?.keys ?? [];
  const writes = { keys: 2 + keys.length + PRUNE_WRITE.keys, valuesBytes: PRUNE_WRITE.valuesBytes };
  return transact(database, writes, ({ root, log, index }) => {
    if (!table.doesExist(blockId)) return null;
    countPrune({ root });
    void table.remove(blockId);
    // What is logged is not in the index yet.
    if (table === log) return keys.length;
    if (log.doesExist(blockId)) {
      void log.remove(blockId);
      return keys.length;
    }
    const ids = keys.map((key) => Buffer.from(key, 'latin1'));
    const own = ids.filter((id) => index.getBinary(id)?.equals(blockId));
    for (const id of own) void index.remove(id);
    return own.length;
  });
}

function isChosen({ blockId, replies, table }: StoredBlock, prune: Prune, codec: BlockCodec): boolean {
  if ('beforeMs' in prune) return blockTimeMs(blockId) < prune.beforeMs;
  if ('run' in prune) return replies?.run === prune.run;
  const bytes = table.getBinary(blockId);
  const block = bytes && codec.decode(bytes);
  return !block || !block.keys.every((_, at) => prune.isReply(textAt(block, at)));
}

/** Removes keys whose block is gone: a block with a damaged head does not say which keys it had. */
async function removeDangling(database: StoreDatabase): Promise<number> {
  const { index, blocks } = database.tables;
  const dangling = [...index.getRange()].filter(({ value }) => !blocks.doesExist(value));
  await transact(database, { keys: dangling.length, valuesBytes: [] }, () => {
    for (const { key } of dangling) void index.remove(key);
  });
  return dangling.length;
}
