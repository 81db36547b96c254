import { join } from 'node:path';
import type { Column } from '../arrow/columnType.js';
import { buildRows } from '../arrow/build.js';
import { ScaleQuestError } from '../errors.js';
import { type Files, byCodeUnits } from '../io/files/files.js';
import { openShardWriter } from '../io/parquet/shardWriter.js';
import { type StoreRun, blockTimeMs, readRun } from './store.js';
import { type BlockCodec, type Replies, createBlockCodec, textAt } from './blocks.js';
import { removeStepResults } from './stepResults.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { STORE_DATA_FILE } from './storeFiles.js';
import { ensureRoom } from './room.js';
import { type StoreTables, openStoreTables, readStoreTables } from './tables.js';

/** What `scalequest store` does with a store, beside the runs that use it. */

export interface StoreSummary {
  /** Replies that can be had: of two with one key, one. */
  replies: number;
  fileBytes: number;
  /** Of the file; used again before it grows. */
  freeBytes: number;
  /** Bytes of the file that hold step results. */
  stepResultBytes: number;
  /** Oldest first. */
  runs: (Partial<StoreRun> & { run: string; replies: number })[];
  /** Blocks that cannot be read. */
  damagedBlocks: number;
}

const NOTHING: StoreSummary = {
  ...{ replies: 0, fileBytes: 0, freeBytes: 0, stepResultBytes: 0 },
  ...{ runs: [], damagedBlocks: 0 },
};

/** Throws as `openStoreTables`. */
export async function summarizeStore(files: Files, path: string): Promise<StoreSummary> {
  return reading(files, path, NOTHING, async (tables, codec) => {
    const repliesOf = new Map<string, number>();
    for (const { key } of tables.runs.getRange()) repliesOf.set(key.toString(), 0);
    let fresh = 0;
    let damagedBlocks = 0;
    for (const { at, replies } of blocksOf(tables, codec)) {
      if (!replies) damagedBlocks += 1;
      else repliesOf.set(replies.run, (repliesOf.get(replies.run) ?? 0) + replies.keys.length);
      if (tables.fresh.doesExist(at)) fresh += replies?.keys.length ?? 0;
    }
    const runs = [...repliesOf].map(([run, replies]) => ({ run, replies, ...readRun(tables, run) }));
    const fileBytes = (await files.stat(join(path, STORE_DATA_FILE)))?.sizeBytes ?? 0;
    return {
      replies: tables.index.getCount() + fresh,
      fileBytes,
      freeBytes: Math.max(0, fileBytes - usedBytes(tables)),
      stepResultBytes: tableBytes(tables, tables.stepResults),
      runs: runs.sort((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0)),
      damagedBlocks,
    };
  });
}

/** Of the pages that a table holds, from what the tables say of theirs, and of the two that tell where the tables are. */
function usedBytes(tables: StoreTables): number {
  const { pageSize: pageBytes } = tables.root.getStats() as { pageSize: number };
  return Object.values(tables).reduce((sum, table) => sum + tableBytes(tables, table), 2 * pageBytes);
}

/** Of a table that a store of an earlier version has not, when it is only read: none. */
function tableBytes(
  { root }: StoreTables,
  table: Pick<StoreTables[keyof StoreTables], 'getStats'> | undefined,
): number {
  if (!table) return 0;
  type Stats = { treeBranchPageCount: number; treeLeafPageCount: number; overflowPages: number };
  const { pageSize: pageBytes } = root.getStats() as { pageSize: number };
  const { treeBranchPageCount, treeLeafPageCount, overflowPages } = table.getStats() as Stats;
  return (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageBytes;
}

/** What to remove: a run's replies, those that came before a moment, or what cannot be read. */
export type Prune =
  { run: string } | { beforeMs: number } | { damaged: true; isReply: (text: string) => boolean };

/**
 * Removes replies, and all step results; each step of it is one transaction. The file keeps its size and uses the space again. Throws as
 * `openStoreTables`, ERR_STORE_WRITE, and ERR_USAGE for a run that the store does not know.
 */
export async function pruneStore(
  files: Files,
  path: string,
  prune: Prune,
): Promise<{ blocks: number; replies: number }> {
  return writing(files, path, async (tables, codec) => {
    const sought = 'run' in prune ? { run: findRun(path, tables, codec, prune.run) } : prune;
    const removed = { blocks: 0, replies: 0 };
    // First, because a step result must not outlive the replies that it came from.
    await removeStepResults(files, path, tables);
    // A run beside may have packed what was found in the table before.
    for (let isMoved = true; isMoved;) {
      isMoved = false;
      for (const block of [...blocksOf(tables, codec)].filter((found) => isChosen(found, sought, codec))) {
        const replies = await removeBlock(files, path, tables, block);
        if (replies === null) isMoved = true;
        else removed.blocks += 1;
        removed.replies += replies ?? 0;
      }
    }
    if ('damaged' in sought) removed.replies += await removeDangling(files, path, tables);
    if ('run' in sought) {
      await ensureRoom(files, path, tables, { keys: 1, valuesBytes: [] });
      await committed(tables.runs.remove(Buffer.from(sought.run)));
    }
    return removed;
  });
}

/** Its name, or the end of its path where that is one run's alone. */
function findRun(path: string, tables: StoreTables, codec: BlockCodec, sought: string): string {
  const named = new Set([...tables.runs.getRange()].map(({ key }) => key.toString()));
  for (const { replies } of blocksOf(tables, codec)) if (replies) named.add(replies.run);
  const found = named.has(sought) ? [sought] : [...named].filter((run) => run.endsWith(`/${sought}`));
  if (found.length === 1) return found[0]!;
  const known = [...named].sort(byCodeUnits);
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${found.length} runs named "${sought}" in the store ${path}, expected one of: ${known.join(', ') || '(it has none)'}`,
  );
}

/** How many replies that were; null where the block is not there any more. */
async function removeBlock(
  files: Files,
  path: string,
  tables: StoreTables,
  { table, at, replies }: FoundBlock,
): Promise<number | null> {
  const keys = replies?.keys ?? [];
  await ensureRoom(files, path, tables, { keys: 2 + keys.length, valuesBytes: [] });
  return committed(
    tables.root.transaction(() => {
      if (!table.doesExist(at)) return null;
      void table.remove(at);
      // In no index yet.
      if (table === tables.fresh) return keys.length;
      if (tables.fresh.doesExist(at)) {
        void tables.fresh.remove(at);
        return keys.length;
      }
      const ids = keys.map((key) => Buffer.from(key, 'latin1'));
      const own = ids.filter((id) => tables.index.getBinary(id)?.equals(at));
      for (const id of own) void tables.index.remove(id);
      return own.length;
    }),
  );
}

function isChosen({ at, replies, table }: FoundBlock, prune: Prune, codec: BlockCodec): boolean {
  if ('beforeMs' in prune) return blockTimeMs(at) < prune.beforeMs;
  if ('run' in prune) return replies?.run === prune.run;
  const bytes = table.getBinary(at);
  const whole = bytes && codec.decode(bytes);
  return !whole || !whole.keys.every((_, place) => prune.isReply(textAt(whole, place)));
}

/** A block whose head is lost does not say which keys were its. */
async function removeDangling(files: Files, path: string, tables: StoreTables): Promise<number> {
  const dangling = [...tables.index.getRange()].filter(({ value }) => !tables.blocks.doesExist(value));
  await ensureRoom(files, path, tables, { keys: dangling.length, valuesBytes: [] });
  await committed(
    tables.root.transaction(() => {
      for (const { key } of dangling) void tables.index.remove(key);
    }),
  );
  return dangling.length;
}

/** What an exported reply is besides its text. */
export type HeadOf = (text: string) => { kind: string; model: string; tokens: number } | null;

const EXPORT_COLUMNS: readonly Column[] = [
  { name: 'key', type: 'string', help: 'Hash of what was asked, hexadecimal.' },
  { name: 'run', type: 'string', help: 'The run that paid for it.' },
  { name: 'time', type: 'string', help: 'When its block was begun, ISO 8601.' },
  { name: 'kind', type: 'string', help: 'complete, choose, score or embed.' },
  { name: 'model', type: 'string', help: 'The role in the pipeline file.' },
  { name: 'tokens', type: 'int32', help: 'Tokens of the completion; 0 for scores and vectors.' },
  { name: 'reply', type: 'string', help: 'As JSON.' },
];

/** Writes every reply to a Parquet file, in the order they came. Throws ERR_STORE_DAMAGED, ERR_IO_WRITE. */
export async function exportStore(
  files: Files,
  path: string,
  target: string,
  headOf: HeadOf,
): Promise<{ replies: number }> {
  const noRows = EXPORT_COLUMNS.map(() => []);
  const { schema } = buildRows(EXPORT_COLUMNS, noRows, 0);
  const writer = openShardWriter(files, { schema, metadata: {}, rowGroupRows: 4096, zstdLevel: 3 });
  try {
    await writer.open(target);
    const replies = await reading(files, path, 0, async (tables, codec) => {
      let count = 0;
      for (const { table, at } of blocksOf(tables, codec)) {
        const bytes = table.getBinary(at);
        const block = bytes && codec.decode(bytes);
        if (!block) throw damaged(path, at);
        const rows = block.keys.map((key, place) => exportRow(path, at, block, key, place, headOf));
        const columns = EXPORT_COLUMNS.map((_, column) => rows.map((row) => row[column]!));
        await writer.write(buildRows(EXPORT_COLUMNS, columns, rows.length));
        count += rows.length;
      }
      return count;
    });
    await writer.finish();
    return { replies };
  } finally {
    await writer.close();
  }
}

function exportRow(
  path: string,
  at: Buffer,
  replies: Replies,
  key: string,
  place: number,
  headOf: HeadOf,
): (string | number)[] {
  const text = textAt(replies, place);
  const head = headOf(text);
  if (!head) throw damaged(path, at);
  const time = new Date(blockTimeMs(at)).toISOString();
  const hex = Buffer.from(key, 'latin1').toString('hex');
  return [hex, replies.run, time, head.kind, head.model, head.tokens, text];
}

interface FoundBlock {
  table: StoreTables['blocks'];
  at: Buffer;
  /** Null for a damaged block. */
  replies: Pick<Replies, 'run' | 'keys'> | null;
}

/** All of them, once: of one that is a block already, `fresh` has its key alone. */
function* blocksOf(tables: StoreTables, codec: BlockCodec): Generator<FoundBlock> {
  for (const table of [tables.blocks, tables.fresh]) {
    for (const { key, value } of table.getRange()) {
      if (value.length === 0) continue;
      yield { table, at: Buffer.from(key), replies: codec.decodeHead(value) };
    }
  }
}

async function reading<T>(
  files: Files,
  path: string,
  empty: T,
  use: (tables: StoreTables, codec: BlockCodec) => Promise<T>,
): Promise<T> {
  const [opened, codec] = await Promise.all([readStoreTables(files, path), createBlockCodec()]);
  if (!opened) return empty;
  try {
    return await use(opened.tables, codec);
  } finally {
    await opened.close();
  }
}

async function writing<T>(
  files: Files,
  path: string,
  use: (tables: StoreTables, codec: BlockCodec) => Promise<T>,
): Promise<T> {
  const [{ tables, close }, codec] = await Promise.all([openStoreTables(files, path), createBlockCodec()]);
  try {
    return await use(tables, codec);
  } catch (error) {
    if ((error as ScaleQuestError).code === 'ERR_USAGE') throw error;
    throw writeError(path, error);
  } finally {
    await close();
  }
}
