import type { BlockCodec } from './blockCodec.js';
import { blockKey, blockTimeMs } from './blockKey.js';
import { type StoreDatabase, transact } from './database/database.js';
import { type Replies, joinReplies, keyBytes, splitReplies } from './replies.js';

/** A record of the write-ahead log: a few replies as they came, or a block that is not in the index yet. */
export interface LogRecord extends Omit<Replies, 'texts'> {
  blockId: Buffer;
  /** Null where the record is a block, which is read from its table. */
  texts: Buffer | null;
  /** Size as stored. */
  storedBytes: number;
}

/**
 * Packs log records into blocks, adds their keys to the index, and removes them from the log, in one transaction. If some of
 * the records are gone from the log by now, it writes nothing and returns their keys.
 */
export async function checkpoint(
  database: StoreDatabase,
  records: readonly LogRecord[],
  blockBytes: number,
): Promise<Buffer[]> {
  const blocks = await encodeBlocks(database.codec, records, blockBytes);
  const index = blocks.flatMap(({ blockId, keys }) => keys.map((key) => ({ key, blockId })));
  // In the order of the keys, so that each page of the index is met once.
  index.sort((a, b) => (a.key < b.key ? -1 : 1));
  const keys = blocks.length + index.length + records.length;
  const removed = records.map(({ blockId }) => blockId);
  const valuesBytes = blocks.map(({ bytes }) => bytes?.length ?? 0);
  return transact(database, { keys, valuesBytes }, (tables) => {
    const gone = removed.filter((blockId) => !tables.log.doesExist(blockId));
    if (gone.length > 0) return gone;
    for (const { blockId, bytes } of blocks) if (bytes) void tables.blocks.put(blockId, bytes);
    for (const { key, blockId } of index) void tables.index.put(keyBytes(key), blockId);
    for (const blockId of removed) void tables.log.remove(blockId);
    return [];
  });
}

interface EncodedBlock {
  blockId: Buffer;
  keys: readonly string[];
  /** Null for a block that is stored already. */
  bytes: Buffer | null;
}

async function encodeBlocks(
  codec: BlockCodec,
  records: readonly LogRecord[],
  blockBytes: number,
): Promise<EncodedBlock[]> {
  const encoded = joinable(records).map(async (neighbours): Promise<EncodedBlock[]> => {
    const first = neighbours[0]!;
    if (!first.texts) return [{ blockId: first.blockId, keys: first.keys, bytes: null }];
    const joined = joinReplies(neighbours as readonly Replies[]);
    const ms = blockTimeMs(first.blockId);
    return Promise.all(splitReplies(joined, blockBytes).map((piece) => encodeBlock(codec, piece, ms)));
  });
  return (await Promise.all(encoded)).flat();
}

async function encodeBlock(codec: BlockCodec, replies: Replies, ms: number): Promise<EncodedBlock> {
  return { blockId: blockKey(ms), keys: replies.keys, bytes: await codec.encodePacked(replies) };
}

/** Adjacent records of one run in one list; records that are a block alone. */
function joinable(records: readonly LogRecord[]): LogRecord[][] {
  const lists: LogRecord[][] = [];
  for (const record of records) {
    const last = lists.at(-1)?.[0];
    if (last?.texts && record.texts && last.run === record.run) lists.at(-1)!.push(record);
    else lists.push([record]);
  }
  return lists;
}
