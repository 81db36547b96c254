import { ScaleQuestError } from '../errors.js';
import type { Files } from '../io/files/files.js';
import { createBlockCache } from './blockCache.js';
import { type StoreDatabase, decodeBlock, openDatabase } from './database/database.js';
import { writeError } from './database/storeErrors.js';
import { createGroupCommit } from './groupCommit.js';
import { type Replies, keyBytes } from './replies.js';
import { type RunCounts, countCall } from './runCounts.js';
import { readRunCounts, saveRunCounts } from './savedRunCounts.js';
import { type StepResultTable, openStepResults } from './stepResults.js';
import { createWriteAheadLog } from './writeAheadLog.js';
import { createWriteQueue } from './writeQueue.js';

const COUNTS_SAVED_EVERY_MS = 5000;

export interface StoreDeps {
  files: Files;
  /** Milliseconds since 1970, by the system's clock, which gives replies their age. The clock may be set meanwhile. */
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** Every reply of every model, by a key of 16 bytes (as a string of characters 0-255), and the step result cache. */
export interface Store {
  readonly path: string;
  /** The reply's text. Throws ERR_STORE_DAMAGED. */
  get(key: string): string | undefined;
  /** Resolves when the reply is durable, with the others of its group. Rejects with ERR_STORE_WRITE. */
  put(key: string, text: string): Promise<void>;
  /** Counts for the run's hit rates. */
  count(model: string, isHit: boolean): void;
  readonly stepResults: StepResultTable;
  /** Writes what waits. */
  close(): Promise<void>;
}

/**
 * Opens a store for one run, whose name its replies carry. Several processes may have one store open. Each sees the blocks of
 * the others, and what was in their logs when it opened the store. Throws as `openStoreTables`.
 *
 * A reply goes group commit → write-ahead log → checkpoint → block and index.
 */
export async function openStore(path: string, run: string, deps: StoreDeps): Promise<Store> {
  const { database, close } = await openDatabase(deps.files, path);
  const cache = createBlockCache();
  const log = createWriteAheadLog(database, deps.nowMs);
  const counts = createCounts(database, run, deps.nowMs);
  const enqueue = createWriteQueue();
  const fail = (error: unknown): never => {
    throw writeError(path, error);
  };
  const groups = createGroupCommit(run, deps.sleep, (replies) => enqueue(() => write(replies)).catch(fail));
  const stepResults = openStepResults(database, { run, enqueue, count: counts.addReplayedRows });
  let closing: Promise<void> | null = null;
  try {
    await log.recover();
  } catch (error) {
    await close();
    return fail(error);
  }

  function get(key: string): string | undefined {
    const text = log.get(key) ?? cache.get(key);
    if (text !== undefined) return text;
    const block = log.blockOf(key) ?? indexedBlock(database, key);
    if (!block) return undefined;
    cache.add(block);
    return cache.get(key);
  }

  async function write(replies: Replies): Promise<void> {
    await counts.saveNowAndThen();
    await log.append(replies);
    // Of two replies with one key the later one counts.
    cache.forget(replies.keys);
    if (log.isFull()) await log.checkpoint();
  }

  async function finish(): Promise<void> {
    try {
      await groups.drain();
      await enqueue(async () => {});
      if (!log.isEmpty()) await log.checkpoint();
      await counts.save();
    } catch (error) {
      fail(error);
    } finally {
      await close();
    }
  }

  return {
    ...{ path, get, stepResults },
    put(key, text) {
      if (!closing) return groups.put(key, text);
      return Promise.reject(new ScaleQuestError('ERR_CANCELLED', `the store ${path} was closed`));
    },
    count: counts.addCall,
    close: () => (closing ??= finish()),
  };
}

function indexedBlock(database: StoreDatabase, key: string): Replies | undefined {
  const { index, blocks } = database.tables;
  const blockId = index.getBinary(keyBytes(key));
  return blockId && decodeBlock(database, blockId, blocks.getBinary(blockId));
}

/** The run's counts, which go on where the run stopped; saved now and then while it writes, and at its end. */
function createCounts(database: StoreDatabase, run: string, nowMs: () => number) {
  const startedMs = nowMs();
  const counts: RunCounts = readRunCounts(database.tables, run) ?? { startedMs, models: {}, replayedRows: 0 };
  let savedMs = startedMs;

  function save(): Promise<void> {
    return saveRunCounts(database, run, counts);
  }

  return {
    save,
    async saveNowAndThen(): Promise<void> {
      const now = nowMs();
      if (Math.abs(now - savedMs) < COUNTS_SAVED_EVERY_MS) return;
      savedMs = now;
      await save();
    },
    addCall: (model: string, isHit: boolean): void => countCall(counts, model, isHit),
    addReplayedRows: (rows: number): void => void (counts.replayedRows += rows),
  };
}
