import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isStoredReply, storedHeadOf } from '../../backends/cache/stored.js';
import { ScaleQuestError } from '../../errors.js';
import { nodeFiles } from '../../io/files/files.js';
import { exportStore } from '../../store/tools/exportStore.js';
import { type Prune, pruneStore } from '../../store/tools/pruneStore.js';
import { type StoreSummary, summarizeStore } from '../../store/tools/summarizeStore.js';
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

/** What `pruneReplies` removes. */
export type ReplyPrune = PruneRun | PruneBefore | PruneDamaged;

/** Removes the replies that a run paid for. */
export interface PruneRun {
  /** The name of the run in the store, as `describeReplies` lists it. */
  run: string;
}

/** Removes old replies. */
export interface PruneBefore {
  /** Milliseconds since 1970: what is older goes. */
  beforeMs: number;
}

/** Removes what cannot be read. */
export interface PruneDamaged {
  /** Always true. */
  damaged: true;
}

/** How much `pruneReplies` has removed. */
export interface PrunedReplies {
  /** Blocks of replies. */
  blocks: number;
  /** Replies in them. */
  replies: number;
}

/**
 * Removes replies, and with them the step results. A run of another process may use the store meanwhile. A run of this process may
 * not: its writing thread and this call can wait for each other for ever. Throws ERR_STORE_OPEN.
 */
export async function pruneReplies(path: string, prune: ReplyPrune): Promise<PrunedReplies> {
  assertStore(path);
  const full: Prune = 'damaged' in prune ? { ...prune, isReply: isStoredReply } : prune;
  return pruneStore(nodeFiles, path, full);
}

/** Writes every reply to a Parquet file; gives their number. Throws ERR_STORE_OPEN, ERR_IO_WRITE. */
export async function exportReplies(path: string, file: string): Promise<number> {
  assertStore(path);
  const { replies } = await exportStore(nodeFiles, path, file, storedHeadOf);
  return replies;
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
