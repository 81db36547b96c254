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
 * Removes replies, many in each transaction, and all step results. The file keeps its size and uses the space again. Throws
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

/** What one transaction removes: enough that its flush is little beside it, little enough for the memory and the disk. */
const KEYS_A_TRANSACTION = 16_384;
const BLOCKS_A_TRANSACTION = 512;

/** By the key of a block, as characters 0-255: how many replies it has in the log, and nowhere else. */
type ChosenBlocks = Map<string, { repliesLogged: number | null }>;

/**
 * First the keys go, then the blocks: a prune that is killed amid its work leaves blocks that nobody finds, and the next one
 * takes them. The index is read in the order of its keys, so that each of its pages is written once.
 */
async function removeBlocks(
  database: StoreDatabase,
  prune: Prune,
): Promise<{ blocks: number; replies: number }> {
  const removed = { blocks: 0, replies: 0 };
  // A run in another process may checkpoint what we found in its log: then we look again.
  for (let isMoved = true; isMoved;) {
    const chosen = chooseBlocks(database, prune);
    removed.replies += await removeFromIndex(database, chosen);
    const found = await removeFromTables(database, chosen);
    removed.blocks += found.blocks;
    removed.replies += found.replies;
    isMoved = found.isMoved;
  }
  return removed;
}

function chooseBlocks(database: StoreDatabase, prune: Prune): ChosenBlocks {
  const { log } = database.tables;
  const chosen: ChosenBlocks = new Map();
  for (const block of storedBlocks(database)) {
    if (!isChosen(block, prune, database.codec)) continue;
    const isLogged = block.table === log || log.doesExist(block.blockId);
    const repliesLogged = isLogged ? (block.replies?.keys.length ?? 0) : null;
    chosen.set(block.blockId.toString('latin1'), { repliesLogged });
  }
  return chosen;
}

/** Returns how many keys it has removed. */
async function removeFromIndex(database: StoreDatabase, chosen: ChosenBlocks): Promise<number> {
  let removed = 0;
  for (let after: Buffer | undefined = undefined; ;) {
    const { found, last } = keysAfter(database, chosen, after);
    if (found.length > 0) removed += await removeKeys(database, found);
    if (last === null) return removed;
    after = last;
  }
}

interface FoundKey {
  key: Buffer;
  blockId: Buffer;
}

/** The next keys of chosen blocks; `last` is where to go on, null at the end of the index. */
function keysAfter(
  { tables: { index } }: StoreDatabase,
  chosen: ChosenBlocks,
  after: Buffer | undefined,
): { found: FoundKey[]; last: Buffer | null } {
  const found: FoundKey[] = [];
  for (const { key, value } of index.getRange(after === undefined ? {} : { start: after })) {
    if (!chosen.has(value.toString('latin1')) || after?.equals(key)) continue;
    found.push({ key: Buffer.from(key), blockId: Buffer.from(value) });
    if (found.length === KEYS_A_TRANSACTION) return { found, last: found.at(-1)!.key };
  }
  return { found, last: null };
}

async function removeKeys(database: StoreDatabase, found: readonly FoundKey[]): Promise<number> {
  const { valuesBytes } = PRUNE_WRITE;
  return transact(database, { keys: found.length + PRUNE_WRITE.keys, valuesBytes }, ({ root, index }) => {
    countPrune({ root });
    // A key that was asked anew meanwhile keeps its later reply.
    const own = found.filter(({ key, blockId }) => index.getBinary(key)?.equals(blockId));
    for (const { key } of own) void index.remove(key);
    return own.length;
  });
}

async function removeFromTables(database: StoreDatabase, chosen: ChosenBlocks) {
  const removed = { blocks: 0, replies: 0, isMoved: false };
  const all = [...chosen];
  for (let from = 0; from < all.length; from += BLOCKS_A_TRANSACTION) {
    const some = all.slice(from, from + BLOCKS_A_TRANSACTION);
    const writes = { keys: 2 * some.length + PRUNE_WRITE.keys, valuesBytes: PRUNE_WRITE.valuesBytes };
    await transact(database, writes, ({ root, log, blocks }) => {
      countPrune({ root });
      for (const [id, { repliesLogged }] of some) {
        const blockId = Buffer.from(id, 'latin1');
        // Its keys are in the index now.
        if (repliesLogged !== null && !log.doesExist(blockId)) {
          removed.isMoved ||= blocks.doesExist(blockId);
          continue;
        }
        if (repliesLogged !== null) void log.remove(blockId);
        if (blocks.doesExist(blockId)) void blocks.remove(blockId);
        removed.blocks += 1;
        removed.replies += repliesLogged ?? 0;
      }
    });
  }
  return removed;
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
