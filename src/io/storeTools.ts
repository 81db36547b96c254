import { join } from 'node:path';
import type { Column } from '../arrow/columnType.js';
import { buildRows } from '../arrow/build.js';
import type { Files } from './files.js';
import { openShardWriter } from './shardWriter.js';
import { type StoreRun, type StoreTables, blockTimeMs, damaged, openStoreTables, readRun } from './store.js';
import { type BlockCodec, type Replies, createBlockCodec, textAt } from './storeBlocks.js';
import { STORE_DATA_FILE } from './storeFolder.js';

/** What `scalequest store` does with a store, beside the runs that use it. */

export interface StoreSummary {
  /** Replies that can be had: of two with one key, one. */
  replies: number;
  fileBytes: number;
  /** Of the file; used again before it grows. */
  freeBytes: number;
  /** Oldest first. */
  runs: (Partial<StoreRun> & { run: string; replies: number })[];
  /** Blocks that cannot be read. */
  damagedBlocks: number;
}

/** Throws as `openStoreTables`. */
export async function summarizeStore(files: Files, path: string): Promise<StoreSummary> {
  return withTables(files, path, async (tables, codec) => {
    const repliesOf = new Map<string, number>();
    for (const { key } of tables.runs.getRange()) repliesOf.set(key.toString(), 0);
    let fresh = 0;
    let damagedBlocks = 0;
    for (const { table, replies } of blocksOf(tables, codec)) {
      if (!replies) damagedBlocks += 1;
      else repliesOf.set(replies.run, (repliesOf.get(replies.run) ?? 0) + replies.keys.length);
      if (table === tables.fresh) fresh += replies?.keys.length ?? 0;
    }
    const runs = [...repliesOf].map(([run, replies]) => ({ run, replies, ...readRun(tables, run) }));
    const fileBytes = (await files.stat(join(path, STORE_DATA_FILE)))?.sizeBytes ?? 0;
    return {
      replies: tables.index.getCount() + fresh,
      fileBytes,
      freeBytes: Math.round(fileBytes * freeShare(tables)),
      runs: runs.sort((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0)),
      damagedBlocks,
    };
  });
}

/** The share of pages that no table holds, from what the tables say of theirs. */
function freeShare(tables: StoreTables): number {
  type Stats = { treeBranchPageCount: number; treeLeafPageCount: number; overflowPages: number };
  const { lastPageNumber } = tables.root.getStats() as { lastPageNumber: number };
  const used = Object.values(tables).reduce((sum, table) => {
    const { treeBranchPageCount, treeLeafPageCount, overflowPages } = table.getStats() as Stats;
    return sum + treeBranchPageCount + treeLeafPageCount + overflowPages;
  }, 2);
  return Math.max(0, 1 - used / (lastPageNumber + 1));
}

/** What to remove: a run's replies, those that came before a moment, or what cannot be read. */
export type Prune =
  { run: string } | { beforeMs: number } | { damaged: true; isReply: (text: string) => boolean };

/** Removes replies; each step of it is one transaction. The file keeps its size and uses the space again. */
export async function pruneStore(
  files: Files,
  path: string,
  prune: Prune,
): Promise<{ blocks: number; replies: number }> {
  return withTables(files, path, async (tables, codec) => {
    const chosen = [...blocksOf(tables, codec)].filter((block) => isChosen(block, prune, codec));
    let removed = 0;
    for (const { table, at, replies } of chosen) {
      await tables.root.batch(() => {
        void table.remove(at);
        for (const key of replies?.keys ?? []) {
          const id = Buffer.from(key, 'latin1');
          if (table === tables.blocks && !tables.index.getBinary(id)?.equals(at)) continue;
          removed += 1;
          if (table === tables.blocks) void tables.index.remove(id);
        }
      });
    }
    if ('damaged' in prune) removed += await removeDangling(tables);
    if ('run' in prune) await tables.runs.remove(Buffer.from(prune.run));
    return { blocks: chosen.length, replies: removed };
  });
}

function isChosen({ at, replies, table }: FoundBlock, prune: Prune, codec: BlockCodec): boolean {
  if ('beforeMs' in prune) return blockTimeMs(at) < prune.beforeMs;
  if ('run' in prune) return replies?.run === prune.run;
  const bytes = table.getBinary(at);
  const whole = bytes && codec.decode(bytes);
  return !whole || !whole.keys.every((_, place) => prune.isReply(textAt(whole, place)));
}

/** A block whose head is lost does not say which keys were its. */
async function removeDangling(tables: StoreTables): Promise<number> {
  const dangling = [...tables.index.getRange()].filter(({ value }) => !tables.blocks.doesExist(value));
  await tables.root.batch(() => {
    for (const { key } of dangling) void tables.index.remove(key);
  });
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
  return withTables(files, path, async (tables, codec) => {
    const schema = buildRows(
      EXPORT_COLUMNS,
      EXPORT_COLUMNS.map(() => []),
      0,
    ).schema;
    const writer = openShardWriter(files, { schema, metadata: {}, rowGroupRows: 4096, zstdLevel: 3 });
    let count = 0;
    try {
      await writer.open(target);
      for (const { table, at } of blocksOf(tables, codec)) {
        const bytes = table.getBinary(at);
        const replies = bytes && codec.decode(bytes);
        if (!replies) throw damaged(path, at);
        const rows = replies.keys.map((key, place) => exportRow(path, at, replies, key, place, headOf));
        const columns = EXPORT_COLUMNS.map((_, column) => rows.map((row) => row[column]!));
        await writer.write(buildRows(EXPORT_COLUMNS, columns, rows.length));
        count += rows.length;
      }
      await writer.finish();
      return { replies: count };
    } finally {
      await writer.close();
    }
  });
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

function* blocksOf(tables: StoreTables, codec: BlockCodec): Generator<FoundBlock> {
  for (const table of [tables.blocks, tables.fresh]) {
    for (const { key, value } of table.getRange()) {
      yield { table, at: Buffer.from(key), replies: codec.decodeHead(value) };
    }
  }
}

async function withTables<T>(
  files: Files,
  path: string,
  use: (tables: StoreTables, codec: BlockCodec) => Promise<T>,
): Promise<T> {
  const [tables, codec] = await Promise.all([openStoreTables(files, path), createBlockCodec()]);
  try {
    return await use(tables, codec);
  } finally {
    await tables.root.close();
  }
}
