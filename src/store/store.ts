import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import type { Files } from '../io/files/files.js';
import {
  type BlockCodec,
  KEY_BYTES,
  type Replies,
  createBlockCodec,
  cutReplies,
  joinReplies,
  textAt,
} from './blocks.js';
import { type StepResultTable, openStepResults } from './stepResults.js';
import { committed, damaged, writeError } from './storeErrors.js';
import { createGroups } from './groups.js';
import { ensureRoom } from './room.js';
import { type StoreTables, openStoreTables, parseJson } from './tables.js';

/**
 * So much of fresh replies, as it is stored, or so many of them get into the index in one transaction. Each page of the index
 * is then met for some; with more of them the file would have more free pages than it saves work.
 */
const FRESH_BYTES_MAX = 1 << 20;
const FRESH_REPLIES_MAX = 1000;
/** Of texts in a packed block: larger ones pack no better, and to read one reply its block is unpacked. */
const BLOCK_BYTES = 64 << 10;
/** A group of so much is packed alone, and at once: it is written no second time. */
const BLOCK_BYTES_MIN = BLOCK_BYTES / 2;
/** Of unpacked blocks read lately: a run that is repeated asks in about the order of the first. */
const CACHE_BYTES_MAX = 48 << 20;
const RUN_SAVED_EVERY_MS = 5000;

/** Hits and misses of one run, by model, and its replayed rows. */
const runRecord = z.object({
  startedMs: z.number(),
  models: z.record(z.string(), z.object({ hits: z.int().min(0), misses: z.int().min(0) })),
  /** Rows of source whose step results came from the store. */
  replayedRows: z.int().min(0).default(0),
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
  readonly stepResults: StepResultTable;
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
  const counted = readRun(tables, run) ?? { startedMs: deps.nowMs(), models: {}, replayedRows: 0 };
  let savedMs = deps.nowMs();
  let closing: Promise<void> | null = null;
  const fail = (error: unknown): never => {
    throw writeError(path, error);
  };
  const inTurn = createTurns();
  const groups = createGroups(run, deps.sleep, (replies) => inTurn(() => write(replies)).catch(fail));
  const stepResults = stepResultsIn(opened, counted, run, inTurn);
  try {
    await fresh.adopt();
  } catch (error) {
    await close();
    return fail(error);
  }

  function get(key: string): string | undefined {
    const text = fresh.get(key) ?? cache.get(key);
    if (text !== undefined) return text;
    const block = fresh.blockOf(key) ?? indexedBlock(opened, key);
    if (!block) return undefined;
    cache.add(block);
    return cache.get(key);
  }

  async function write(replies: Replies): Promise<void> {
    const now = deps.nowMs();
    if (Math.abs(now - savedMs) >= RUN_SAVED_EVERY_MS) {
      savedMs = now;
      await saveRun(opened, run, counted);
    }
    await fresh.add(replies);
    // Of two replies with one key the later one counts.
    cache.forget(replies.keys);
    if (fresh.isFull()) await fresh.pack();
  }

  async function finish(): Promise<void> {
    try {
      await groups.drain();
      await inTurn(async () => {});
      if (!fresh.isEmpty()) await fresh.pack();
      await saveRun(opened, run, counted);
    } catch (error) {
      fail(error);
    } finally {
      await close();
    }
  }

  return {
    ...{ path, get, stepResults },
    put(key, text) {
      if (!closing) return groups.put(key, text);
      return Promise.reject(new ScaleQuestError('ERR_CANCELLED', `the store ${path} was closed`));
    },
    count: (model, isHit) => countCall(counted, model, isHit),
    close: () => (closing ??= finish()),
  };
}

function stepResultsIn(
  opened: Opened,
  counted: StoreRun,
  run: string,
  inTurn: ReturnType<typeof createTurns>,
): StepResultTable {
  return openStepResults({ ...opened, run, inTurn, count: (rows) => (counted.replayedRows += rows) });
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

/** Few replies as they came, or a block that is not in the index yet. */
interface FreshRecord extends Omit<Replies, 'texts'> {
  at: Buffer;
  /** Of a block null: it is read from its table. */
  texts: Buffer | null;
  /** As stored. */
  valueBytes: number;
}

/** Replies that are durable but in no index yet, in the order they came. Their keys are in memory, and the texts of the few. */
function createFresh(opened: Opened, nowMs: () => number) {
  const { tables } = opened;
  let owners = new Map<string, FreshRecord>();
  let records: FreshRecord[] = [];
  let bytes = 0;

  function keep(record: FreshRecord): void {
    records.push(record);
    bytes += record.valueBytes;
    for (const key of record.keys) owners.set(key, record);
  }

  function get(key: string): string | undefined {
    const { texts, keys, starts } = owners.get(key) ?? NO_RECORD;
    // The last of equals, as in the index.
    return texts ? textAt({ texts, starts }, keys.lastIndexOf(key)) : undefined;
  }

  /** Undefined too where another process has removed it. */
  function blockOf(key: string): Replies | undefined {
    const at = owners.get(key)?.at;
    const value = at && tables.blocks.getBinary(at);
    return value && decodeBlock(opened, at, value);
  }

  function isFull(): boolean {
    return bytes >= FRESH_BYTES_MAX || owners.size >= FRESH_REPLIES_MAX;
  }

  /** What another run could not pack any more, or has not yet. */
  async function adopt(): Promise<void> {
    for (const { key, value: own } of tables.fresh.getRange()) {
      const at = Buffer.from(key);
      const value = own.length > 0 ? own : tables.blocks.getBinary(at);
      keep(recordOf(at, decodeBlock(opened, at, value), value!.length));
    }
    if (isFull()) await pack();
  }

  async function add(replies: Replies): Promise<void> {
    for (const { at, piece, value } of await writeFresh(opened, replies, nowMs())) {
      // The buffer of the group is used again.
      const texts = isBlock(piece) ? piece.texts : Buffer.from(piece.texts);
      keep(recordOf(at, { ...piece, texts }, value.length));
    }
  }

  /** What another process has packed meanwhile is its own; what was pruned stays so. */
  async function pack(): Promise<void> {
    for (let left = records; left.length > 0;) {
      const gone = await writeBlocks(opened, left);
      if (gone.length === 0) break;
      left = left.filter(({ at }) => !gone.includes(at));
    }
    records = [];
    // A cleared one would stay in memory with all that it had, for as long as it holds on to the next.
    owners = new Map();
    bytes = 0;
  }

  return { get, blockOf, adopt, add, pack, isFull, isEmpty: () => records.length === 0 };
}

const NOTHING = Buffer.alloc(0);
const NO_RECORD: Pick<FreshRecord, 'texts' | 'keys' | 'starts'> = { texts: null, keys: [], starts: [] };

/** Whether replies are a block as they came, and not to be joined with others. */
function isBlock({ texts }: Replies): boolean {
  return texts.length >= BLOCK_BYTES_MIN;
}

function recordOf(at: Buffer, replies: Replies, valueBytes: number): FreshRecord {
  const { run, keys, starts, texts } = replies;
  return { at, run, keys, starts, texts: isBlock(replies) ? null : texts, valueBytes };
}

interface WrittenPiece {
  at: Buffer;
  piece: Replies;
  value: Buffer;
}

async function writeFresh(
  { files, path, tables, codec }: Opened,
  replies: Replies,
  ms: number,
): Promise<WrittenPiece[]> {
  const written = await Promise.all(
    cutReplies(replies, BLOCK_BYTES).map(async (piece): Promise<WrittenPiece> => {
      const value = isBlock(piece) ? await codec.encodePacked(piece) : codec.encode(piece);
      return { at: blockKey(ms), piece, value };
    }),
  );
  const { root, fresh, blocks } = tables;
  const valuesBytes = written.map(({ value }) => value.length);
  await ensureRoom(files, path, { root, fresh, blocks }, { keys: 2 * written.length, valuesBytes });
  await committed(
    fresh.batch(() => {
      for (const { at, piece, value } of written) {
        if (isBlock(piece)) void blocks.put(at, value);
        void fresh.put(at, isBlock(piece) ? NOTHING : value);
      }
    }),
  );
  return written;
}

interface IndexedBlock {
  at: Buffer;
  keys: readonly string[];
  /** Null of one that is there already. */
  value: Buffer | null;
}

/**
 * Makes blocks of fresh records, with their keys in the index; resolves when that is durable. Where some of the records are
 * gone by now, gives those and writes nothing.
 */
async function writeBlocks(
  { files, path, tables, codec }: Opened,
  records: readonly FreshRecord[],
): Promise<Buffer[]> {
  const blocks = await encodeBlocks(codec, records);
  const index = blocks.flatMap(({ at, keys }) => keys.map((key) => ({ key, at })));
  // In the order of the keys, so that each page of the index is met once.
  index.sort((a, b) => (a.key < b.key ? -1 : 1));
  const keys = blocks.length + index.length + records.length;
  await ensureRoom(files, path, tables, { keys, valuesBytes: blocks.map(({ value }) => value?.length ?? 0) });
  const removed = records.map(({ at }) => at);
  return committed(
    tables.root.transaction(() => {
      const gone = removed.filter((at) => !tables.fresh.doesExist(at));
      if (gone.length > 0) return gone;
      for (const { at, value } of blocks) if (value) void tables.blocks.put(at, value);
      for (const { key, at } of index) void tables.index.put(keyBytes(key), at);
      for (const at of removed) void tables.fresh.remove(at);
      return [];
    }),
  );
}

async function encodeBlocks(codec: BlockCodec, records: readonly FreshRecord[]): Promise<IndexedBlock[]> {
  const made = groupRecords(records).map(async (neighbours): Promise<IndexedBlock[]> => {
    const first = neighbours[0]!;
    if (!first.texts) return [{ at: first.at, keys: first.keys, value: null }];
    const joined = joinReplies(neighbours as readonly Replies[]);
    const ms = blockTimeMs(first.at);
    return Promise.all(cutReplies(joined, BLOCK_BYTES).map((piece) => packBlock(codec, piece, ms)));
  });
  return (await Promise.all(made)).flat();
}

async function packBlock(codec: BlockCodec, replies: Replies, ms: number): Promise<IndexedBlock> {
  return { at: blockKey(ms), keys: replies.keys, value: await codec.encodePacked(replies) };
}

/** Neighbours of one run together, but blocks alone. */
function groupRecords(records: readonly FreshRecord[]): FreshRecord[][] {
  const groups: FreshRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1)?.[0];
    if (last?.texts && record.texts && last.run === record.run) groups.at(-1)!.push(record);
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

const keyScratch = Buffer.alloc(KEY_BYTES);

/** For one call of the database, which copies it. */
function keyBytes(key: string): Buffer {
  keyScratch.write(key, 'latin1');
  return keyScratch;
}

function indexedBlock(opened: Opened, key: string): Replies | undefined {
  const at = opened.tables.index.getBinary(keyBytes(key));
  return at && decodeBlock(opened, at, opened.tables.blocks.getBinary(at));
}

function decodeBlock({ path, codec }: Opened, at: Buffer, value: Buffer | undefined): Replies {
  const replies = value && codec.decode(value);
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
    forget(keys: readonly string[]): void {
      for (const key of keys) places.delete(key);
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
