import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import type { Files } from './files.js';
import {
  type BlockCodec,
  type Replies,
  createBlockCodec,
  cutReplies,
  joinReplies,
  textAt,
} from './storeBlocks.js';
import { type DecisionTable, openDecisions } from './storeDecisions.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { createGroups } from './storeGroups.js';
import { ensureRoom } from './storeRoom.js';
import { type StoreTables, openStoreTables, parseJson } from './storeTables.js';

/** So much of fresh replies is rewritten as packed blocks, in one transaction. */
const FRESH_BYTES_MAX = 1 << 20;
/** Of texts in a packed block: larger ones pack no better, and to read one reply its block is unpacked. */
const BLOCK_BYTES = 64 << 10;
/** Of unpacked blocks read lately: a run that is repeated asks in about the order of the first. */
const CACHE_BYTES_MAX = 48 << 20;
const RUN_SAVED_EVERY_MS = 5000;

/** Hits and misses of one run, by model, and what it had not to decide. */
const runRecord = z.object({
  startedMs: z.number(),
  models: z.record(z.string(), z.object({ hits: z.int().min(0), misses: z.int().min(0) })),
  /** Rows of source that came with what had been decided of them. */
  recalledRows: z.int().min(0).default(0),
});

export type StoreRun = z.output<typeof runRecord>;

export interface StoreDeps {
  files: Files;
  /** Milliseconds since 1970, by the system's clock: what the age of a reply is told by. It may be set meanwhile. */
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** Every reply of every model, by a key of 16 bytes (as a string of characters 0-255). */
export interface Store {
  readonly path: string;
  /** The reply's text. Throws ERR_STORE_DAMAGED. */
  get(key: string): string | undefined;
  /** Resolves when the reply is durable, together with those that came about the same time. Rejects with ERR_STORE_WRITE. */
  put(key: string, text: string): Promise<void>;
  /** Counts for the run's hit rates. */
  count(model: string, isHit: boolean): void;
  /** What steps decided. */
  readonly decisions: DecisionTable;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** A store's database, and what goes with it. */
interface Opened {
  files: Files;
  path: string;
  tables: StoreTables;
  codec: BlockCodec;
}

/**
 * Opens a store for one run, whose name its replies carry. Several processes may have one store open: each sees what the
 * others had packed, and at the start also what they had not. Throws as `openStoreTables`.
 */
export async function openStore(path: string, run: string, deps: StoreDeps): Promise<Store> {
  const { files } = deps;
  const [{ tables, close }, codec] = await Promise.all([openStoreTables(files, path), createBlockCodec()]);
  const opened = { files, path, tables, codec };
  const cache = createCache();
  const fresh = createFresh(opened, deps.nowMs);
  const counted = readRun(tables, run) ?? { startedMs: deps.nowMs(), models: {}, recalledRows: 0 };
  let savedMs = deps.nowMs();
  let closing: Promise<void> | null = null;
  const fail = (error: unknown): never => {
    throw writeError(path, error);
  };
  const inTurn = createTurns();
  const groups = createGroups(run, deps.sleep, (replies) => inTurn(() => write(replies)).catch(fail));
  const decisions = decisionsIn(opened, counted, run, inTurn);
  try {
    await fresh.adopt();
  } catch (error) {
    await close();
    return fail(error);
  }

  function get(key: string): string | undefined {
    const text = fresh.get(key) ?? cache.get(key);
    if (text !== undefined) return text;
    const at = tables.index.getBinary(Buffer.from(key, 'latin1'));
    if (!at) return undefined;
    const block = readBlock(path, tables.blocks, codec, at);
    cache.add(block);
    return cache.get(key);
  }

  async function write(replies: Replies): Promise<void> {
    const now = deps.nowMs();
    if (Math.abs(now - savedMs) >= RUN_SAVED_EVERY_MS) {
      savedMs = now;
      await saveRun(opened, run, counted);
    }
    // Enough for blocks of their own: written once.
    if (replies.texts.length >= BLOCK_BYTES) {
      return void (await writeBlocks(opened, [{ at: blockKey(now), replies }], []));
    }
    await fresh.add(replies);
    if (fresh.bytes() >= FRESH_BYTES_MAX) await fresh.pack();
  }

  async function finish(): Promise<void> {
    try {
      await groups.drain();
      await inTurn(async () => {});
      if (fresh.bytes() > 0) await fresh.pack();
      await saveRun(opened, run, counted);
    } catch (error) {
      fail(error);
    } finally {
      await close();
    }
  }

  return {
    ...{ path, get, decisions },
    put(key, text) {
      if (!closing) return groups.put(key, text);
      return Promise.reject(new ScaleQuestError('ERR_CANCELLED', `the store ${path} was closed`));
    },
    count: (model, isHit) => countCall(counted, model, isHit),
    close: () => (closing ??= finish()),
  };
}

function decisionsIn(
  opened: Opened,
  counted: StoreRun,
  run: string,
  inTurn: ReturnType<typeof createTurns>,
): DecisionTable {
  return openDecisions({ ...opened, run, inTurn, count: (rows) => (counted.recalledRows += rows) });
}

function countCall({ models }: StoreRun, model: string, isHit: boolean): void {
  const counts = (models[model] ??= { hits: 0, misses: 0 });
  if (isHit) counts.hits += 1;
  else counts.misses += 1;
}

/** Runs one work after the other; a failed one does not stop the next. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}

interface FreshRecord {
  at: Buffer;
  replies: Replies;
}

/** Replies that are durable but not packed yet: small records in the order they came, all in memory too. */
function createFresh(opened: Opened, nowMs: () => number) {
  const { path, tables, codec } = opened;
  const owners = new Map<string, Replies>();
  let records: FreshRecord[] = [];
  let bytes = 0;

  function keep(at: Buffer, replies: Replies): void {
    records.push({ at, replies });
    bytes += replies.texts.length;
    for (const key of replies.keys) owners.set(key, replies);
  }

  function get(key: string): string | undefined {
    const replies = owners.get(key);
    // The last of equals, as in the index.
    return replies && textAt(replies, replies.keys.lastIndexOf(key));
  }

  /** What another run could not pack any more, or has not yet. */
  async function adopt(): Promise<void> {
    for (const { key, value } of tables.fresh.getRange()) {
      const at = Buffer.from(key);
      const replies = codec.decode(value);
      if (!replies) throw damaged(path, at);
      keep(at, replies);
    }
    if (bytes >= FRESH_BYTES_MAX) await pack();
  }

  async function add(replies: Replies): Promise<void> {
    const at = blockKey(nowMs());
    const value = codec.encode(replies);
    await ensureRoom(opened.files, path, tables, { keys: 1, valuesBytes: [value.length] });
    await committed(tables.fresh.put(at, value));
    keep(at, replies);
  }

  /** What another process has packed meanwhile is its own; what was pruned stays so. */
  async function pack(): Promise<void> {
    for (let left = records; left.length > 0;) {
      const gone = await writeBlocks(
        opened,
        left,
        left.map(({ at }) => at),
      );
      if (gone.length === 0) break;
      left = left.filter(({ at }) => !gone.includes(at));
    }
    records = [];
    owners.clear();
    bytes = 0;
  }

  return { get, adopt, add, pack, bytes: () => bytes };
}

/**
 * Writes records as blocks, and removes what the table `fresh` had of them; resolves when that is durable. Where some of that
 * is gone by now, gives those and writes nothing.
 */
async function writeBlocks(
  { files, path, tables, codec }: Opened,
  records: readonly FreshRecord[],
  removed: readonly Buffer[],
): Promise<Buffer[]> {
  const blocks = await encodeBlocks(codec, records);
  const index = blocks.flatMap(({ at, keys }) => keys.map((key) => ({ key, at })));
  // In the order of the keys, so that each page of the index is met once.
  index.sort((a, b) => (a.key < b.key ? -1 : 1));
  const keys = blocks.length + index.length + removed.length;
  await ensureRoom(files, path, tables, { keys, valuesBytes: blocks.map(({ bytes }) => bytes.length) });
  return committed(
    tables.root.transaction(() => {
      const gone = removed.filter((at) => !tables.fresh.doesExist(at));
      if (gone.length > 0) return gone;
      for (const block of blocks) void tables.blocks.put(block.at, block.bytes);
      for (const { key, at } of index) void tables.index.put(Buffer.from(key, 'latin1'), at);
      for (const at of removed) void tables.fresh.remove(at);
      return [];
    }),
  );
}

function encodeBlocks(
  codec: BlockCodec,
  records: readonly FreshRecord[],
): Promise<{ at: Buffer; keys: readonly string[]; bytes: Buffer }[]> {
  const pieces = groupRecords(records).flatMap((neighbours) => {
    const replies = joinReplies(neighbours.map((record) => record.replies));
    const ms = blockTimeMs(neighbours[0]!.at);
    return cutReplies(replies, BLOCK_BYTES).map((piece) => ({ at: blockKey(ms), piece }));
  });
  return Promise.all(
    pieces.map(async ({ at, piece }) => ({ at, keys: piece.keys, bytes: await codec.encodePacked(piece) })),
  );
}

/** Neighbours of one run together. */
function groupRecords(records: readonly FreshRecord[]): FreshRecord[][] {
  const groups: FreshRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1);
    if (last?.[0]!.replies.run === record.replies.run) last.push(record);
    else groups.push([record]);
  }
  return groups;
}

let blocksMade = 0;

/** Milliseconds (6 bytes), a count (2), the process (4): ascending in time, and no two alike. */
function blockKey(ms: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeUIntBE(Math.floor(ms), 0, 6);
  key.writeUInt16BE(blocksMade++ & 0xffff, 6);
  key.writeUInt32BE(process.pid >>> 0, 8);
  return key;
}

/** When a block's first reply came, from its key. */
export function blockTimeMs(at: Buffer): number {
  return at.readUIntBE(0, 6);
}

function readBlock(path: string, blocks: StoreTables['blocks'], codec: BlockCodec, at: Buffer): Replies {
  const bytes = blocks.getBinary(at);
  const replies = bytes && codec.decode(bytes);
  if (!replies) throw damaged(path, at);
  return replies;
}

/** Replies of the blocks read last, by key. */
function createCache() {
  const places = new Map<string, { replies: Replies; at: number }>();
  const blocks: Replies[] = [];
  let bytes = 0;
  return {
    get(key: string): string | undefined {
      const place = places.get(key);
      return place && textAt(place.replies, place.at);
    },
    add(replies: Replies): void {
      for (const [at, key] of replies.keys.entries()) places.set(key, { replies, at });
      blocks.push(replies);
      bytes += replies.texts.length;
      while (bytes > CACHE_BYTES_MAX && blocks.length > 1) {
        const oldest = blocks.shift()!;
        bytes -= oldest.texts.length;
        for (const key of oldest.keys) if (places.get(key)?.replies === oldest) places.delete(key);
      }
    },
  };
}

export function readRun(tables: StoreTables, run: string): StoreRun | undefined {
  const bytes = tables.runs.getBinary(Buffer.from(run));
  const parsed = bytes && runRecord.safeParse(parseJson(bytes.toString()));
  return parsed?.success ? parsed.data : undefined;
}

async function saveRun({ files, path, tables }: Opened, run: string, counts: StoreRun): Promise<void> {
  const value = Buffer.from(JSON.stringify(counts));
  await ensureRoom(files, path, tables, { keys: 1, valuesBytes: [value.length] });
  await committed(tables.runs.put(Buffer.from(run), value));
}
