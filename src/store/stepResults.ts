import type { Files } from '../io/files/files.js';
import { type BlockCodec, KEY_BYTES } from './blocks.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { ensureRoom } from './room.js';
import type { StoreTables } from './tables.js';

/**
 * The step result cache: one record for each step and segment, by the step's fingerprint (12 bytes) and the segment's first row
 * (uint32, big-endian), so that neighbours lie together. A record is a block with one text. All of them can be computed again
 * from the replies. Any prune of replies removes all records, because a record does not say which replies it came from.
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

export interface StepResultDeps {
  files: Files;
  path: string;
  tables: StoreTables;
  codec: BlockCodec;
  run: string;
  /** One write after the other. */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
  count(rows: number): void;
}

const FINGERPRINT_BYTES = KEY_BYTES - 4;

export function openStepResults(deps: StepResultDeps): StepResultTable {
  const { files, path, tables, codec, run, inTurn, count } = deps;

  async function encode(lo: number, { fingerprint, bytes: texts }: StoredStepResult): Promise<EncodedRecord> {
    const key = keyOf(fingerprint, lo);
    const starts = [0, texts.length];
    return { key, block: await codec.encodePacked({ run, keys: [key.toString('latin1')], starts, texts }) };
  }

  async function write(records: readonly EncodedRecord[]): Promise<void> {
    const valuesBytes = records.map(({ block }) => block.length);
    await ensureRoom(files, path, tables, { keys: records.length, valuesBytes });
    await committed(
      tables.root.transaction(() => {
        for (const { key, block } of records) void tables.stepResults.put(key, block);
      }),
    );
  }

  return {
    get(fingerprint, lo) {
      const key = keyOf(fingerprint, lo);
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

function keyOf(fingerprint: string, lo: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.write(fingerprint.slice(0, 2 * FINGERPRINT_BYTES), 'hex');
  key.writeUInt32BE(lo, FINGERPRINT_BYTES);
  return key;
}

/** Removed in one transaction, so that it needs no more space than a write does. */
const REMOVED_MAX = 1000;

/** Removes all records. */
export async function removeStepResults(files: Files, path: string, tables: StoreTables): Promise<void> {
  for (let isLeft = true; isLeft;) {
    const keys = [...tables.stepResults.getKeys({ limit: REMOVED_MAX })].map((key) => Buffer.from(key));
    isLeft = keys.length === REMOVED_MAX;
    await ensureRoom(files, path, tables, { keys: keys.length, valuesBytes: [] });
    await committed(
      tables.root.transaction(() => {
        for (const key of keys) void tables.stepResults.remove(key);
      }),
    );
  }
}
