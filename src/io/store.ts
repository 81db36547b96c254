import { type Database, type RootDatabase, open } from 'lmdb';
import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import { type Files } from './files.js';
import {
  type BlockCodec,
  type Replies,
  createBlockCodec,
  cutReplies,
  joinReplies,
  textAt,
} from './storeBlocks.js';
import { createGroups } from './storeGroups.js';
import { foreign, prepareStoreFolder } from './storeFolder.js';

/** Of the store's records; a newer one is refused. */
export const STORE_FORMAT_VERSION = 1;

/** So much of fresh replies is rewritten as packed blocks, in one transaction. */
const FRESH_BYTES_MAX = 1 << 20;
/** Of texts in a packed block: larger ones pack no better, and to read one reply its block is unpacked. */
const BLOCK_BYTES = 64 << 10;
/** Of unpacked blocks read lately: a run that is repeated asks in about the order of the first. */
const CACHE_BYTES_MAX = 48 << 20;
const RUN_SAVED_EVERY_MS = 5000;

/** Hits and misses of one run, by model. */
const runRecord = z.object({
  startedMs: z.number(),
  models: z.record(z.string(), z.object({ hits: z.int().min(0), misses: z.int().min(0) })),
});

export type StoreRun = z.output<typeof runRecord>;

const formatRecord = z.object({ kind: z.literal('scalequest-store'), version: z.int().min(1) });

export interface StoreDeps {
  files: Files;
  /** Milliseconds since 1970. */
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
  /** Writes what waits. */
  close(): Promise<void>;
}

/** The database's tables: `fresh` and `blocks` by time, `index` from a reply's key to its block, `runs` by name. */
export interface StoreTables {
  root: RootDatabase<Buffer, Buffer>;
  fresh: Database<Buffer, Buffer>;
  blocks: Database<Buffer, Buffer>;
  index: Database<Buffer, Buffer>;
  runs: Database<Buffer, Buffer>;
}

/** Opens the tables, of a new store or one that is there. Throws ERR_STORE_FOREIGN, _DAMAGED, _VERSION, _OPEN. */
export async function openStoreTables(files: Files, path: string): Promise<StoreTables> {
  const { isNew } = await preparing(path, () => prepareStoreFolder(files, path));
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  try {
    // One flush a transaction, awaited: a promise that has resolved is on the disk.
    const root = open<Buffer, Buffer>({
      path,
      ...binary,
      maxDbs: 8,
      overlappingSync: false,
      // We group writes ourselves; its own batch of a turn rejects a promise that nobody can hear, which would end the process.
      eventTurnBatching: false,
      noSubdir: false,
    });
    try {
      await checkFormat(root, path, isNew);
      const table = (name: string) => root.openDB<Buffer, Buffer>({ name, ...binary });
      const [fresh, blocks, index, runs] = ['fresh', 'blocks', 'index', 'runs'].map(table);
      return { root, fresh: fresh!, blocks: blocks!, index: index!, runs: runs! };
    } catch (error) {
      await root.close();
      throw error;
    }
  } catch (error) {
    throw error instanceof ScaleQuestError ? error : openError(path, error);
  }
}

const FORMAT_KEY = Buffer.from('format');

async function checkFormat(root: RootDatabase<Buffer, Buffer>, path: string, isNew: boolean): Promise<void> {
  const written = root.getBinary(FORMAT_KEY);
  if (!written) {
    // Another process may have made the file a moment ago; anything else in it is another program's.
    if (!isNew && root.getKeysCount({ limit: 1 }) > 0)
      throw foreign(path, 'another program made its database');
    const format = { kind: 'scalequest-store', version: STORE_FORMAT_VERSION };
    await root.put(FORMAT_KEY, Buffer.from(JSON.stringify(format)));
    return;
  }
  const format = formatRecord.safeParse(parseJson(written.toString()));
  if (!format.success) throw foreign(path, 'its record of the format cannot be read');
  if (format.data.version > STORE_FORMAT_VERSION) {
    throw new ScaleQuestError(
      'ERR_STORE_VERSION',
      `the store ${path} has format version ${format.data.version}, expected at most ${STORE_FORMAT_VERSION}: ` +
        'a newer scalequest wrote it. Update this one, or name another folder in `store`',
    );
  }
}

/**
 * Opens a store for one run, whose name its replies carry. Several processes may have one store open: each sees what the
 * others had packed, and at the start also what they had not. Throws as `openStoreTables`.
 */
export async function openStore(path: string, run: string, deps: StoreDeps): Promise<Store> {
  const [tables, codec] = await Promise.all([openStoreTables(deps.files, path), createBlockCodec()]);
  const cache = createCache();
  const fresh = createFresh(path, tables, codec, deps.nowMs);
  const counted = readRun(tables, run) ?? { startedMs: deps.nowMs(), models: {} };
  let savedMs = deps.nowMs();
  let closing: Promise<void> | null = null;
  const groups = createGroups(run, deps.sleep, (replies) =>
    write(replies).catch((error: unknown) => {
      throw writeError(path, error);
    }),
  );
  try {
    await fresh.adopt();
  } catch (error) {
    await tables.root.close();
    throw error instanceof ScaleQuestError ? error : writeError(path, error);
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
    if (now - savedMs >= RUN_SAVED_EVERY_MS) {
      savedMs = now;
      saveRun(tables, run, counted).catch(() => {});
    }
    // Enough for blocks of their own: written once.
    if (replies.texts.length >= BLOCK_BYTES) {
      return packRecords(tables, codec, [{ at: blockKey(now), replies }], []);
    }
    await fresh.add(replies);
    if (fresh.bytes() >= FRESH_BYTES_MAX) await fresh.pack();
  }

  async function finish(): Promise<void> {
    try {
      await groups.drain();
      if (fresh.bytes() > 0) await fresh.pack();
      await saveRun(tables, run, counted);
    } catch (error) {
      throw writeError(path, error);
    } finally {
      await tables.root.close();
    }
  }

  return {
    ...{ path, get },
    put(key, text) {
      if (!closing) return groups.put(key, text);
      return Promise.reject(new ScaleQuestError('ERR_CANCELLED', `the store ${path} was closed`));
    },
    count(model, isHit) {
      const counts = (counted.models[model] ??= { hits: 0, misses: 0 });
      if (isHit) counts.hits += 1;
      else counts.misses += 1;
    },
    close: () => (closing ??= finish()),
  };
}

interface FreshRecord {
  at: Buffer;
  replies: Replies;
}

/** Replies that are durable but not packed yet: small records in the order they came, all in memory too. */
function createFresh(path: string, tables: StoreTables, codec: BlockCodec, nowMs: () => number) {
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

  /** What another run could not pack any more, or has not yet: packing it twice does no harm. */
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
    await tables.fresh.put(at, codec.encode(replies));
    keep(at, replies);
  }

  async function pack(): Promise<void> {
    const written = records.map(({ at }) => at);
    await packRecords(tables, codec, records, written);
    records = [];
    owners.clear();
    bytes = 0;
  }

  return { get, adopt, add, pack, bytes: () => bytes };
}

/** Writes records as blocks, and removes what the table `fresh` had of them; resolves when that is durable. */
async function packRecords(
  tables: StoreTables,
  codec: BlockCodec,
  records: readonly FreshRecord[],
  removed: readonly Buffer[],
): Promise<void> {
  const pieces = groupRecords(records).flatMap((neighbours) => {
    const replies = joinReplies(neighbours.map((record) => record.replies));
    const ms = blockTimeMs(neighbours[0]!.at);
    return cutReplies(replies, BLOCK_BYTES).map((piece) => ({ at: blockKey(ms), piece }));
  });
  const blocks = await Promise.all(
    pieces.map(async ({ at, piece }) => ({ at, keys: piece.keys, bytes: await codec.encodePacked(piece) })),
  );
  const index = blocks.flatMap(({ at, keys }) => keys.map((key) => ({ key, at })));
  // In the order of the keys, so that each page of the index is met once.
  index.sort((a, b) => (a.key < b.key ? -1 : 1));
  await tables.root.batch(() => {
    for (const block of blocks) void tables.blocks.put(block.at, block.bytes);
    for (const { key, at } of index) void tables.index.put(Buffer.from(key, 'latin1'), at);
    for (const at of removed) void tables.fresh.remove(at);
  });
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

async function saveRun(tables: StoreTables, run: string, counts: StoreRun): Promise<void> {
  await tables.runs.put(Buffer.from(run), Buffer.from(JSON.stringify(counts)));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function damaged(path: string, at: Buffer): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_DAMAGED',
    `the store ${path} has a damaged block of replies (${at.toString('hex')}), expected one whose checksum is right. ` +
      `\`scalequest store ${path} --prune-damaged\` removes what cannot be read; those replies are then asked again`,
    { data: { path } },
  );
}

async function preparing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if ((error as ScaleQuestError).code?.startsWith('ERR_STORE')) throw error;
    throw openError(path, error);
  }
}

function openError(path: string, cause: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_OPEN',
    `the store ${path} cannot be opened: ${(cause as Error).message}. Check the folder's owner and mode, name another one ` +
      'in `store`, or do without (`store: none`)',
    { cause, data: { path } },
  );
}

/** lmdb rejects a second promise with the system's error, which nobody else hears: unheard it would end the process. */
function heardOf(cause: unknown): void {
  const { commitError } = cause as { commitError?: Promise<never> };
  commitError?.catch(() => {});
}

function writeError(path: string, cause: unknown): ScaleQuestError {
  if (cause instanceof ScaleQuestError) return cause;
  heardOf(cause);
  return new ScaleQuestError(
    'ERR_STORE_WRITE',
    `the store ${path} cannot be written: ${(cause as Error).message}. Free some space or check the folder's mode, and ` +
      'start the same command again: what was acknowledged is there',
    { cause, data: { path } },
  );
}
