import type { Files } from './files.js';
import { type BlockCodec, KEY_BYTES } from './storeBlocks.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { ensureRoom } from './storeRoom.js';
import type { StoreTables } from './storeTables.js';

/**
 * What steps have decided about stretches of rows: a record a step and stretch, under who decided (12 bytes) and the first row
 * (uint32, big-endian), so that neighbours lie together. A record is a block of one text: when it was decided (float64,
 * milliseconds since 1970) and the decision.
 */
export interface DecisionTable {
  has(decider: string, lo: number): boolean;
  /** Throws ERR_STORE_DAMAGED for what is not there whole. */
  get(decider: string, lo: number): Buffer;
  /** Resolves when all of them are durable. Rejects with ERR_STORE_WRITE. */
  put(lo: number, decisions: readonly DecisionRecord[]): Promise<void>;
}

export interface DecisionRecord {
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
  nowMs(): number;
  /** One write after the other. */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
}

const DECIDER_BYTES = KEY_BYTES - 4;
const TIME_BYTES = 8;

export function openDecisions({ files, path, tables, codec, run, ...deps }: DecisionDeps): DecisionTable {
  async function encode(
    lo: number,
    { decider, bytes }: DecisionRecord,
  ): Promise<{ key: Buffer; block: Buffer }> {
    const key = keyOf(decider, lo);
    const time = Buffer.alloc(TIME_BYTES);
    time.writeDoubleLE(deps.nowMs());
    const texts = Buffer.concat([time, bytes]);
    const keys = [key.toString('latin1')];
    return { key, block: await codec.encodePacked({ run, keys, starts: [0, texts.length], texts }) };
  }

  async function write(records: readonly { key: Buffer; block: Buffer }[]): Promise<void> {
    const valuesBytes = records.map(({ block }) => block.length);
    await ensureRoom(files, path, tables, { keys: records.length, valuesBytes });
    await committed(
      tables.root.transaction(() => {
        for (const { key, block } of records) void tables.decisions.put(key, block);
      }),
    );
  }

  return {
    has: (decider, lo) => tables.decisions.doesExist(keyOf(decider, lo)),
    get(decider, lo) {
      const key = keyOf(decider, lo);
      const block = tables.decisions.getBinary(key);
      const texts = block && codec.decode(block)?.texts;
      if (!texts || texts.length < TIME_BYTES) throw damaged(path, key);
      return texts.subarray(TIME_BYTES);
    },
    async put(lo, decisions) {
      if (decisions.length === 0) return;
      try {
        const records = await Promise.all(decisions.map((decision) => encode(lo, decision)));
        await deps.inTurn(() => write(records));
      } catch (error) {
        throw writeError(path, error);
      }
    },
  };
}

/** When a record was written; null for a damaged one. */
export function decidedAtMs(codec: BlockCodec, block: Uint8Array): number | null {
  const texts = codec.decode(block)?.texts;
  return texts && texts.length >= TIME_BYTES ? texts.readDoubleLE() : null;
}

function keyOf(decider: string, lo: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.write(decider.slice(0, 2 * DECIDER_BYTES), 'hex');
  key.writeUInt32BE(lo, DECIDER_BYTES);
  return key;
}
