import { join } from 'node:path';
import { type Database, type RootDatabase, type RootDatabaseOptionsWithPath, open } from 'lmdb';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../../io/files/atomicFile.js';
import type { Files } from '../../io/files/files.js';
import { STORE_DATA_FILE, STORE_LOCK_FILE, STORE_MARK_FILE } from './fileNames.js';
import { claimStore, deadHolders, thisHolder } from './holders.js';
import { assertHandles, assertSpaceForNew, preallocate } from './reservedSpace.js';
import { type Opening, shareOpening } from './sharedOpening.js';
import { committed, foreign, openError } from './storeErrors.js';
import { prepareStoreFolder, readStoreFolder } from './storeFolder.js';

/** Version of the store's records; a newer one is refused. */
export const STORE_FORMAT_VERSION = 1;

const formatRecord = z.object({ kind: z.literal('scalequest-store'), version: z.int().min(1) });
const FORMAT_TEXT = JSON.stringify({ kind: 'scalequest-store', version: STORE_FORMAT_VERSION });
const FORMAT_KEY = Buffer.from('format');

type Table = Database<Buffer, Buffer>;

/** A type and no interface, so that it is also a record of tables by name. */
export type StoreTables = {
  root: RootDatabase<Buffer, Buffer>;
  /**
   * The write-ahead log, by time: replies that are not in the index yet. A record holds a few replies as they came; an empty
   * record stands for the block of the same key.
   */
  log: Table;
  /** Packed replies, by time. */
  blocks: Table;
  /** From a reply's key to its block. */
  index: Table;
  /** Counts of each run, by its name. */
  runs: Table;
  /** Records of the step result cache, by fingerprint and first row. */
  stepResults: Table;
};

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** How the store opens its database. */
export function databaseOptions(path: string): RootDatabaseOptionsWithPath {
  return {
    path,
    ...BINARY,
    maxDbs: 8,
    noSubdir: false,
    // One flush a transaction, awaited: what a resolved promise has written is on the disk.
    overlappingSync: false,
    // We group writes ourselves. LMDB's own batching rejects a promise that nobody can catch, which would end the process.
    eventTurnBatching: false,
  };
}

export interface OpenTables {
  tables: StoreTables;
  close(): Promise<void>;
}

/** Opens the tables of a store, and makes it first where there is none. Throws ERR_STORE_FOREIGN, _DAMAGED, _VERSION, _OPEN. */
export async function openStoreTables(files: Files, path: string): Promise<OpenTables> {
  try {
    const { isNew } = await prepareStoreFolder(files, path);
    const release = await claimStore(files, path);
    try {
      const opening = (await shareOpening('write', dataFile(files, path), () =>
        openClaimed(files, path, isNew),
      ))!;
      const close = async (): Promise<void> => {
        try {
          await opening.close();
        } finally {
          await release();
        }
      };
      return { tables: opening.value, close };
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    throw openError(path, error);
  }
}

/** What the database's file is called, however its path is written; null where there is none yet. */
function dataFile(files: Files, path: string): () => Promise<string | null> {
  return async () => (await files.stat(join(path, STORE_DATA_FILE)))?.id ?? null;
}

async function openClaimed(files: Files, path: string, isNew: boolean): Promise<Opening<StoreTables>> {
  const hasLock = (await files.stat(join(path, STORE_LOCK_FILE))) !== null;
  if (isNew || !hasLock) await assertSpaceForNew(files, path);
  if (!isNew) await assertHandles(files, join(path, STORE_DATA_FILE), 'append');
  // LMDB opens the lock file to write as well. Where it may not, its environment is half made, and the process ends by a signal.
  if (hasLock) await assertHandles(files, join(path, STORE_LOCK_FILE), 'append');
  const root = open<Buffer, Buffer>(databaseOptions(path));
  const close = (): Promise<void> => root.close();
  try {
    // If another machine has taken the run over meanwhile, this is its database, and opening to append is refused: before any write.
    await assertHandles(files, join(path, STORE_DATA_FILE), 'append');
    return { value: await openTables(files, path, root, isNew), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openTables(
  files: Files,
  path: string,
  root: StoreTables['root'],
  isNew: boolean,
): Promise<StoreTables> {
  await preallocate(files, path, { root }, { keys: 8, valuesBytes: [FORMAT_TEXT.length] });
  if (!hasFormat(root, path, isNew)) await committed(root.put(FORMAT_KEY, Buffer.from(FORMAT_TEXT)));
  const tables = tablesOf(root);
  // The files may be new, whichever process made them.
  await files.syncFolder(path);
  const mark = join(path, STORE_MARK_FILE);
  if (!(await files.stat(mark))) await writeAtomic(files, mark, `${FORMAT_TEXT}\n`);
  return tables;
}

/** Opens the tables to read only, also on a full or read-only disk. Null for a store that holds nothing yet. Throws as above. */
export async function readStoreTables(files: Files, path: string): Promise<OpenTables | null> {
  try {
    const { isNew } = await readStoreFolder(files, path);
    if (isNew) return null;
    await deadHolders(files, path, thisHolder());
    const opening = await shareOpening('read', dataFile(files, path), () => openToRead(files, path));
    return opening && { tables: opening.value, close: opening.close };
  } catch (error) {
    throw openError(path, error);
  }
}

async function openToRead(files: Files, path: string): Promise<Opening<StoreTables> | null> {
  await assertHandles(files, join(path, STORE_DATA_FILE), 'read');
  const root = open<Buffer, Buffer>({ ...databaseOptions(path), readOnly: true });
  const close = (): Promise<void> => root.close();
  try {
    const tables = hasFormat(root, path, false) ? tablesOf(root) : null;
    if (tables && hasAllTables(tables)) return { value: tables, close };
    await close();
    return null;
  } catch (error) {
    await close();
    // A crash came before the tables were made, so before any reply.
    if ((error as Error).message === 'Database not found') return null;
    throw error;
  }
}

/** The names on the disk are part of the format. */
function tablesOf(root: StoreTables['root']): StoreTables {
  const table = (name: string) => root.openDB<Buffer, Buffer>({ name, ...BINARY });
  return {
    root,
    log: table('fresh'),
    blocks: table('blocks'),
    index: table('index'),
    runs: table('runs'),
    stepResults: table('decisions'),
  };
}

/**
 * The tables are made one after the other when a store is made, and LMDB gives nothing for one that is missing where it may only
 * read. A store without step results is an older one; one without another table was cut off by a crash, before any reply.
 */
function hasAllTables({ log, blocks, index, runs }: { [Name in keyof StoreTables]?: unknown }): boolean {
  return [log, blocks, index, runs].every((table) => table !== undefined);
}

/** Throws for a database that another program, or a newer version of this one, has written. */
function hasFormat(root: StoreTables['root'], path: string, isNew: boolean): boolean {
  const written = root.getBinary(FORMAT_KEY);
  if (!written) {
    // Another process may have made the file a moment ago; anything else in it is another program's.
    if (!isNew && root.getKeysCount({ limit: 1 }) > 0)
      throw foreign(path, 'another program made its database');
    return false;
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
  return true;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
