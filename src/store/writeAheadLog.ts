import { blockKey } from './blockKey.js';
import { type LogRecord, checkpoint } from './checkpoint.js';
import { type StoreDatabase, decodeBlock } from './database/database.js';
import { preallocate } from './database/reservedSpace.js';
import { committed } from './database/storeErrors.js';
import { type Replies, splitReplies, textAt } from './replies.js';

/**
 * The log is checkpointed when it has a reply for so many keys of the index, between the least and the most. A checkpoint writes each
 * page of the index that it meets anew, and keys are hashes: so it meets a page, which has about 80 keys, for several replies.
 * The file has as many free pages as a checkpoint writes, which are those of the index at most.
 */
const KEYS_A_LOGGED_REPLY = 8;
const LOG_REPLIES_MIN = 1000;
const LOG_REPLIES_MAX = 16_384;
/** Or when its records that are no block yet, whose texts are in memory, have so many bytes: 8 MiB where the index is large. */
const LOG_BYTES_MIN = 1 << 20;
const BYTES_A_LOGGED_REPLY = 512;
/** Bytes of texts in a packed block. Larger blocks pack no better, and to read one reply its whole block is unpacked. */
export const BLOCK_BYTES = 64 << 10;
/** Replies of at least so many bytes become a block at once, so that they are not written a second time. */
const BLOCK_BYTES_MIN = BLOCK_BYTES / 2;

/**
 * The write-ahead log: replies that are durable but not in the index yet, in the order they came. Their keys are in memory, and
 * so are the texts of those that are not a block yet.
 */
export interface WriteAheadLog {
  /** The text of a reply that is not in a block yet. */
  get(key: string): string | undefined;
  /** The block of a logged reply. Undefined if there is none, or if another process has pruned it. */
  blockOf(key: string): Replies | undefined;
  /** Takes in what other runs have logged and not checkpointed, because they were killed or are still running. */
  recover(): Promise<void>;
  /** Resolves when the replies are durable. */
  append(replies: Replies): Promise<void>;
  /** Packs the logged replies into blocks, adds them to the index and empties the log. */
  checkpoint(): Promise<void>;
  isFull(): boolean;
  isEmpty(): boolean;
}

export function createWriteAheadLog(database: StoreDatabase, nowMs: () => number): WriteAheadLog {
  const { tables } = database;
  let recordsByKey = new Map<string, LogRecord>();
  let records: LogRecord[] = [];
  let bytes = 0;
  let repliesMax = repliesMaxOf(database);

  function remember(record: LogRecord): void {
    records.push(record);
    if (record.texts) bytes += record.storedBytes;
    for (const key of record.keys) recordsByKey.set(key, record);
  }

  function isFull(): boolean {
    const bytesMax = Math.max(LOG_BYTES_MIN, BYTES_A_LOGGED_REPLY * repliesMax);
    return bytes >= bytesMax || recordsByKey.size >= repliesMax;
  }

  /** Records that another process has checkpointed or pruned meanwhile are left to it. */
  async function checkpointLog(): Promise<void> {
    for (let left = records; left.length > 0;) {
      const gone = await checkpoint(database, left, BLOCK_BYTES);
      if (gone.length === 0) break;
      left = left.filter(({ blockId }) => !gone.includes(blockId));
    }
    records = [];
    // A new map, because a cleared one keeps the memory that it had grown to.
    recordsByKey = new Map();
    bytes = 0;
    repliesMax = repliesMaxOf(database);
  }

  return {
    get(key) {
      const { texts, keys, starts } = recordsByKey.get(key) ?? NO_RECORD;
      // The last of equal keys counts, as in the index.
      return texts ? textAt({ texts, starts }, keys.lastIndexOf(key)) : undefined;
    },
    blockOf(key) {
      const blockId = recordsByKey.get(key)?.blockId;
      const block = blockId && tables.blocks.getBinary(blockId);
      return block && decodeBlock(database, blockId, block);
    },
    async recover() {
      for (const { key, value: logged } of tables.log.getRange()) {
        const blockId = Buffer.from(key);
        const stored = logged.length > 0 ? logged : tables.blocks.getBinary(blockId);
        remember(recordOf(blockId, decodeBlock(database, blockId, stored), stored!.length));
      }
      if (isFull()) await checkpointLog();
    },
    async append(replies) {
      for (const { blockId, piece, value } of await writeToLog(database, replies, nowMs())) {
        // The buffer of the group is used again, so the texts are copied.
        const texts = isBlock(piece) ? piece.texts : Buffer.from(piece.texts);
        remember(recordOf(blockId, { ...piece, texts }, value.length));
      }
    },
    checkpoint: checkpointLog,
    isFull,
    isEmpty: () => records.length === 0,
  };
}

function repliesMaxOf({ tables: { index } }: StoreDatabase): number {
  const { entryCount } = index.getStats() as { entryCount: number };
  return Math.min(LOG_REPLIES_MAX, Math.max(LOG_REPLIES_MIN, Math.floor(entryCount / KEYS_A_LOGGED_REPLY)));
}

const NO_RECORD: Pick<LogRecord, 'texts' | 'keys' | 'starts'> = { texts: null, keys: [], starts: [] };

/** Whether replies are large enough to be a block alone. */
function isBlock({ texts }: Replies): boolean {
  return texts.length >= BLOCK_BYTES_MIN;
}

function recordOf(blockId: Buffer, replies: Replies, storedBytes: number): LogRecord {
  const { run, keys, starts, texts } = replies;
  return { blockId, run, keys, starts, texts: isBlock(replies) ? null : texts, storedBytes };
}

interface WrittenPiece {
  blockId: Buffer;
  piece: Replies;
  value: Buffer;
}

/** Where the block itself is stored in its table, the log has the block's key alone. */
const IN_BLOCKS = Buffer.alloc(0);

async function writeToLog(database: StoreDatabase, replies: Replies, ms: number): Promise<WrittenPiece[]> {
  const { files, path, codec } = database;
  const written = await Promise.all(
    splitReplies(replies, BLOCK_BYTES).map(async (piece): Promise<WrittenPiece> => {
      const value = isBlock(piece) ? await codec.encodePacked(piece) : codec.encode(piece);
      return { blockId: blockKey(ms), piece, value };
    }),
  );
  const { root, log, blocks } = database.tables;
  const valuesBytes = written.map(({ value }) => value.length);
  await preallocate(files, path, { root, log, blocks }, { keys: 2 * written.length, valuesBytes });
  await committed(
    log.batch(() => {
      for (const { blockId, piece, value } of written) {
        if (isBlock(piece)) void blocks.put(blockId, value);
        void log.put(blockId, isBlock(piece) ? IN_BLOCKS : value);
      }
    }),
  );
  return written;
}
