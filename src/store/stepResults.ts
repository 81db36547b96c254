import { type StoreDatabase, transact } from './database/database.js';
import { damaged, writeError } from './database/storeErrors.js';
import type { StoreTables } from './database/tables.js';
import { KEY_BYTES } from './replies.js';
import type { WriteQueue } from './writeQueue.js';

/**
 * The step result cache: one record for each step and segment, by the step's fingerprint (12 bytes) and the segment's first row
 * (uint32, big-endian), so that neighbours lie together. A record is a block with one text. All of them can be computed again
 * from the replies. Any prune of replies removes all records, because a record does not say which replies it came from.
 *
 * A run beside a prune may hold replies that are gone. So the store counts its prunes, in the transaction that removes a reply. A
 * process writes and reads records of the count at which it opened the store, and none when that has grown: whatever it saw before,
 * no record is made of it. The count is part of each key, so that a record that a killed prune has left is found by nobody.
 */
export interface StepResultTable {
  /** Undefined if there is none. Throws ERR_STORE_DAMAGED for a record that is not whole. */
  get(fingerprint: string, lo: number): Buffer | undefined;
  /** Resolves when all of them are durable. Rejects with ERR_STORE_WRITE. */
  put(lo: number, results: readonly StoredStepResult[]): Promise<void>;
  /** Counts replayed rows. */
  count(rows: number): void;
}

export interface StoredStepResult {
  /** Hexadecimal, at least 24 digits, of which the first 24 count. */
  fingerprint: string;
  bytes: Buffer;
}

export interface StepResultOptions {
  /** The run that the records name. */
  run: string;
  enqueue: WriteQueue;
  count(rows: number): void;
}

const FINGERPRINT_BYTES = KEY_BYTES - 4;

const PRUNES_KEY = Buffer.from('prunes');

/** How often replies were removed from the store, modulo 2^32. */
function prunesOf({ root }: Pick<StoreTables, 'root'>): number {
  return root.getBinary(PRUNES_KEY)?.readUInt32LE() ?? 0;
}

/** Counts a removal of replies, in the transaction that removes them. */
export function countPrune(tables: Pick<StoreTables, 'root'>): void {
  const count = Buffer.alloc(PRUNE_WRITE.valuesBytes[0]);
  count.writeUInt32LE((prunesOf(tables) + 1) >>> 0);
  void tables.root.put(PRUNES_KEY, count);
}

/** What `countPrune` writes. */
export const PRUNE_WRITE = { keys: 1, valuesBytes: [4] } as const;

export function openStepResults(database: StoreDatabase, options: StepResultOptions): StepResultTable {
  const { path, tables, codec } = database;
  const { run, enqueue, count } = options;
  // Read before any reply is.
  const prunes = prunesOf(tables);

  async function encode(lo: number, { fingerprint, bytes: texts }: StoredStepResult): Promise<EncodedRecord> {
    const key = keyOf(fingerprint, lo, prunes);
    const starts = [0, texts.length];
    return { key, block: await codec.encodePacked({ run, keys: [key.toString('latin1')], starts, texts }) };
  }

  async function write(records: readonly EncodedRecord[]): Promise<void> {
    const valuesBytes = records.map(({ block }) => block.length);
    await transact(database, { keys: records.length, valuesBytes }, ({ root, stepResults }) => {
      if (prunesOf({ root }) !== prunes) return;
      for (const { key, block } of records) void stepResults.put(key, block);
    });
  }

  return {
    get(fingerprint, lo) {
      if (prunesOf(tables) !== prunes) return undefined;
      const key = keyOf(fingerprint, lo, prunes);
      const block = tables.stepResults.getBinary(key);
      if (!block) return undefined;
      const texts = codec.decode(block)?.texts;
      if (!texts) throw damaged(path, key);
      return texts;
    },
    async put(lo, results) {
      try {
        const encoded = Promise.all(results.map((result) => encode(lo, result)));
        // It is queued before it is encoded, so that a close waits for it.
        encoded.catch(() => {});
        await enqueue(async () => write(await encoded));
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

function keyOf(fingerprint: string, lo: number, prunes: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.write(fingerprint.slice(0, 2 * FINGERPRINT_BYTES), 'hex');
  // A fingerprint is a hash, so the count can be mixed in.
  key.writeUInt32LE((key.readUInt32LE() ^ prunes) >>> 0);
  key.writeUInt32BE(lo, FINGERPRINT_BYTES);
  return key;
}

/** Removed in one transaction, so that it needs no more space than a write does. */
const REMOVED_MAX = 1000;

/** Removes all records. */
export async function removeStepResults(database: StoreDatabase): Promise<void> {
  const { stepResults } = database.tables;
  for (let isLeft = true; isLeft;) {
    const keys = [...stepResults.getKeys({ limit: REMOVED_MAX })].map((key) => Buffer.from(key));
    isLeft = keys.length === REMOVED_MAX;
    await transact(database, { keys: keys.length, valuesBytes: [] }, () => {
      for (const key of keys) void stepResults.remove(key);
    });
  }
}
