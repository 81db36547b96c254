import type { Files } from '../io/files/files.js';
import { type BlockCodec, KEY_BYTES } from './blocks.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { ensureRoom } from './room.js';
import type { StoreTables } from './tables.js';

/**
 * What steps have decided about stretches of rows: a record a step and stretch, under who decided (12 bytes) and the first row
 * (uint32, big-endian), so that neighbours lie together. A record is a block of one text. All of them can be made again from
 * the replies; where replies are removed, they go too, for what they were made of is not known.
 */
export interface DecisionTable {
  /** Undefined for what is not there. Throws ERR_STORE_DAMAGED for what is not there whole. */
  get(decider: string, lo: number): Buffer | undefined;
  /** Resolves when all of them are durable. Rejects with ERR_STORE_WRITE. */
  put(lo: number, decisions: readonly StoredDecision[]): Promise<void>;
  /** Counts rows that came with what had been decided of them. */
  count(rows: number): void;
}

export interface StoredDecision {
  /** Hexadecimal, 24 digits or more, of which the first 24 count. */
  decider: string;
  bytes: Buffer;
}

export interface DecisionDeps {
  files: Files;
  path: string;
  tables: StoreTables;
  codec: BlockCodec;
  run: string;
  /** One write after the other. */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
  count(rows: number): void;
}

const DECIDER_BYTES = KEY_BYTES - 4;

export function openDecisions({
  files,
  path,
  tables,
  codec,
  run,
  inTurn,
  count,
}: DecisionDeps): DecisionTable {
  async function encode(lo: number, { decider, bytes: texts }: StoredDecision): Promise<EncodedRecord> {
    const key = keyOf(decider, lo);
    const starts = [0, texts.length];
    return { key, block: await codec.encodePacked({ run, keys: [key.toString('latin1')], starts, texts }) };
  }

  async function write(records: readonly EncodedRecord[]): Promise<void> {
    const valuesBytes = records.map(({ block }) => block.length);
    await ensureRoom(files, path, tables, { keys: records.length, valuesBytes });
    await committed(
      tables.root.transaction(() => {
        for (const { key, block } of records) void tables.decisions.put(key, block);
      }),
    );
  }

  return {
    get(decider, lo) {
      const key = keyOf(decider, lo);
      const block = tables.decisions.getBinary(key);
      if (!block) return undefined;
      const texts = codec.decode(block)?.texts;
      if (!texts) throw damaged(path, key);
      return texts;
    },
    async put(lo, decisions) {
      try {
        const encoded = Promise.all(decisions.map((decision) => encode(lo, decision)));
        // Its turn is taken before that is done, so that a close waits for it.
        encoded.catch(() => {});
        await inTurn(async () => write(await encoded));
      } catch (error) {
        throw writeError(path, error);
      }
    },
    count,
  };
}

interface EncodedRecord {
  key: Buffer;
  block: Buffer;
}

function keyOf(decider: string, lo: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.write(decider.slice(0, 2 * DECIDER_BYTES), 'hex');
  key.writeUInt32BE(lo, DECIDER_BYTES);
  return key;
}

/** Of one transaction, so that it needs no more room than a write does. */
const REMOVED_MAX = 1000;

/** Removes all records. */
export async function removeDecisions(files: Files, path: string, tables: StoreTables): Promise<void> {
  for (let isLeft = true; isLeft;) {
    const keys = [...tables.decisions.getKeys({ limit: REMOVED_MAX })].map((key) => Buffer.from(key));
    isLeft = keys.length === REMOVED_MAX;
    await ensureRoom(files, path, tables, { keys: keys.length, valuesBytes: [] });
    await committed(
      tables.root.transaction(() => {
        for (const key of keys) void tables.decisions.remove(key);
      }),
    );
  }
}
