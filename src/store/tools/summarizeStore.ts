import { join } from 'node:path';
import type { Files } from '../../io/files/files.js';
import { STORE_DATA_FILE } from '../database/fileNames.js';
import type { StoreTables } from '../database/tables.js';
import type { RunCounts } from '../runCounts.js';
import { readRunCounts } from '../savedRunCounts.js';
import { storedBlocks } from './storedBlocks.js';
import { useToRead } from './useDatabase.js';

export interface StoreSummary {
  /** Replies by their keys: of two with one key, one counts. */
  replies: number;
  fileBytes: number;
  /** Bytes of the file that are used again before it grows. */
  freeBytes: number;
  /** Bytes of the file that hold step results. */
  stepResultBytes: number;
  /** Oldest first. */
  runs: (Partial<RunCounts> & { run: string; replies: number })[];
  /** Blocks that cannot be read. */
  damagedBlocks: number;
}

const EMPTY: StoreSummary = {
  ...{ replies: 0, fileBytes: 0, freeBytes: 0, stepResultBytes: 0 },
  ...{ runs: [], damagedBlocks: 0 },
};

/** What a store holds, by run. Throws as `openStoreTables`. */
export async function summarizeStore(files: Files, path: string): Promise<StoreSummary> {
  return useToRead(files, path, EMPTY, async (database) => {
    const { tables } = database;
    const repliesOf = new Map<string, number>();
    for (const { key } of tables.runs.getRange()) repliesOf.set(key.toString(), 0);
    let logged = 0;
    let damagedBlocks = 0;
    for (const { blockId, replies } of storedBlocks(database)) {
      if (!replies) damagedBlocks += 1;
      else repliesOf.set(replies.run, (repliesOf.get(replies.run) ?? 0) + replies.keys.length);
      if (tables.log.doesExist(blockId)) logged += replies?.keys.length ?? 0;
    }
    const runs = [...repliesOf].map(([run, replies]) => ({ run, replies, ...readRunCounts(tables, run) }));
    const fileBytes = (await files.stat(join(path, STORE_DATA_FILE)))?.sizeBytes ?? 0;
    return {
      replies: tables.index.getCount() + logged,
      fileBytes,
      freeBytes: Math.max(0, fileBytes - usedBytes(tables)),
      stepResultBytes: tableBytes(tables, tables.stepResults),
      runs: runs.sort((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0)),
      damagedBlocks,
    };
  });
}

/** Bytes of the pages of all tables, and of the two meta pages, which say where the tables are. */
function usedBytes(tables: StoreTables): number {
  const { pageSize: pageBytes } = tables.root.getStats() as { pageSize: number };
  return Object.values(tables).reduce((sum, table) => sum + tableBytes(tables, table), 2 * pageBytes);
}

interface TablePages {
  treeBranchPageCount: number;
  treeLeafPageCount: number;
  overflowPages: number;
}

/** `table` is undefined in a store that was made before there was such a table, and is only read. */
function tableBytes(
  { root }: StoreTables,
  table: Pick<StoreTables[keyof StoreTables], 'getStats'> | undefined,
): number {
  if (!table) return 0;
  const { pageSize: pageBytes } = root.getStats() as { pageSize: number };
  const { treeBranchPageCount, treeLeafPageCount, overflowPages } = table.getStats() as TablePages;
  return (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageBytes;
}
