import type { Column } from '../../arrow/columnType.js';
import { buildRows } from '../../arrow/build.js';
import type { Files } from '../../io/files/files.js';
import { openShardWriter } from '../../io/parquet/shardWriter.js';
import { blockTimeMs } from '../blockKey.js';
import { type StoreDatabase, decodeBlock } from '../database/database.js';
import { damaged } from '../database/storeErrors.js';
import { type Replies, textAt } from '../replies.js';
import { type StoredBlock, storedBlocks } from './storedBlocks.js';
import { useToRead } from './useDatabase.js';

/** What an exported row says of a reply beside its text; null for a text that is no reply. */
export type HeadOf = (text: string) => { kind: string; model: string; tokens: number } | null;

const EXPORT_COLUMNS: readonly Column[] = [
  { name: 'key', type: 'string', help: 'Hash of the call, hexadecimal.' },
  { name: 'run', type: 'string', help: 'The run that paid for it.' },
  { name: 'time', type: 'string', help: 'When its block was begun, ISO 8601.' },
  { name: 'kind', type: 'string', help: 'complete, choose, score, embed or execute.' },
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
    const replies = await useToRead(files, path, 0, async (database) => {
      let count = 0;
      for (const block of storedBlocks(database)) {
        const rows = rowsOf(database, block, headOf);
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

type ExportRow = (string | number)[];

function rowsOf(database: StoreDatabase, { table, blockId }: StoredBlock, headOf: HeadOf): ExportRow[] {
  const replies = decodeBlock(database, blockId, table.getBinary(blockId));
  const time = new Date(blockTimeMs(blockId)).toISOString();
  return replies.keys.map((key, at) => {
    const row = exportRow(replies, key, at, time, headOf);
    if (!row) throw damaged(database.path, blockId);
    return row;
  });
}

function exportRow(
  replies: Replies,
  key: string,
  at: number,
  time: string,
  headOf: HeadOf,
): ExportRow | null {
  const text = textAt(replies, at);
  const head = headOf(text);
  if (!head) return null;
  const hex = Buffer.from(key, 'latin1').toString('hex');
  return [hex, replies.run, time, head.kind, head.model, head.tokens, text];
}
