import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isStoredReply, storedHeadOf } from '../backends/cache/stored.js';
import { ScaleQuestError } from '../errors.js';
import { nodeFiles } from '../io/files/files.js';
import { exportStore } from '../store/tools/exportStore.js';
import { type Prune, pruneStore } from '../store/tools/pruneStore.js';
import { type StoreSummary, summarizeStore } from '../store/tools/summarizeStore.js';
import { STORE_FOLDER } from './openStore.js';

/** Where the runs under `runs/` keep their replies unless their file says otherwise. */
export const DEFAULT_STORE = join('runs', STORE_FOLDER);

/**
 * What a store of replies holds: its size, and the hits of each run.
 *
 * @throws ERR_STORE_OPEN if there is no store, or it cannot be read.
 */
export async function describeReplies(path: string = DEFAULT_STORE): Promise<StoreSummary> {
  assertStore(path);
  return summarizeStore(nodeFiles, path);
}

/** What `pruneReplies` removes: what a run paid for, what is older than a moment, or what cannot be read. */
export type ReplyPrune = { run: string } | { beforeMs: number } | { damaged: true };

/** Removes replies, and with them the step results. Throws ERR_STORE_OPEN. */
export async function pruneReplies(
  path: string,
  prune: ReplyPrune,
): Promise<{ blocks: number; replies: number }> {
  assertStore(path);
  const full: Prune = 'damaged' in prune ? { ...prune, isReply: isStoredReply } : prune;
  return pruneStore(nodeFiles, path, full);
}

/** Writes every reply to a Parquet file. Throws ERR_STORE_OPEN, ERR_IO_WRITE. */
export async function exportReplies(path: string, file: string): Promise<{ replies: number }> {
  assertStore(path);
  return exportStore(nodeFiles, path, file, storedHeadOf);
}

/** Only a run makes a store. Looking at one must not. */
function assertStore(path: string): void {
  if (existsSync(path)) return;
  throw new ScaleQuestError(
    'ERR_STORE_OPEN',
    `there is no store at ${path}; name its folder: the \`store\` of a pipeline file, or \`${STORE_FOLDER}\` beside the ` +
      'run folders',
  );
}
