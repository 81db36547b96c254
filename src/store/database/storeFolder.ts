import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { makeFolder } from '../../io/files/atomicFile.js';
import type { Files, OpenFile } from '../../io/files/files.js';
import { foreign, lost } from './storeErrors.js';
import {
  HOLDER_FILE,
  STORE_DATA_FILE,
  STORE_LOCK_FILE,
  STORE_MARK_FILE,
  STORE_SPACE_FILE,
} from './fileNames.js';

/** Files of ours that may lie beside the data file, or be there before it. */
const OURS = [STORE_LOCK_FILE, STORE_MARK_FILE, `${STORE_MARK_FILE}.tmp`, STORE_SPACE_FILE];

/**
 * LMDB's meta pages (struct MDB_meta in mdb.c of the lmdb package, data version 2, 64-bit): the first two pages of the file,
 * written alternately. Offsets are bytes from the start of a page, whose header has 24.
 */
const META = { magic: 24, version: 28, pageBytes: 48, lastPage: 144, transaction: 152, bytes: 160 };
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;

/**
 * Checks a folder before the database opens it, and makes it, durably, if it is missing. LMDB maps its file into memory, and a
 * page that a truncated file lacks would end the process by a signal; so we check what can be known before. Throws
 * ERR_STORE_FOREIGN for a folder that is no store, ERR_STORE_DAMAGED for a truncated one, ERR_STORE_VERSION for another version
 * of LMDB's format.
 */
export async function prepareStoreFolder(files: Files, path: string): Promise<{ isNew: boolean }> {
  const found = await files.stat(path);
  if (found && !found.isFolder) throw foreign(path, 'it is a file, expected a folder');
  await makeFolder(files, path);
  const { isNew, isBegun } = await readStoreFolder(files, path);
  if (isBegun) await emptyDataFile(files, path);
  return { isNew };
}

/** The same check, which changes nothing. `isBegun`: a crash has left a data file that LMDB would refuse. */
export async function readStoreFolder(
  files: Files,
  path: string,
): Promise<{ isNew: boolean; isBegun: boolean }> {
  const names = await files.readdir(path);
  const isMarked = names.includes(STORE_MARK_FILE);
  if (!names.includes(STORE_DATA_FILE)) {
    const other = names.find((name) => !OURS.includes(name) && !HOLDER_FILE.test(name));
    if (other) throw foreign(path, `it holds "${other}" but no ${STORE_DATA_FILE}`);
    if (isMarked) throw lost(path, `has lost its ${STORE_DATA_FILE}`);
    return { isNew: true, isBegun: false };
  }
  const state = await stateOfData(files, path);
  if (isMarked && state !== 'whole')
    throw lost(path, `was emptied: its ${STORE_DATA_FILE} has no database any more`);
  return { isNew: state !== 'whole', isBegun: state === 'begun' };
}

async function emptyDataFile(files: Files, path: string): Promise<void> {
  const file = await files.open(join(path, STORE_DATA_FILE), 'append');
  try {
    await file.truncate(0);
  } finally {
    await file.close();
  }
}

type DataState = 'empty' | 'begun' | 'whole';

/** Another process may write between our reads, so a fault counts only if every read finds one. */
const TRIES = 5;

async function stateOfData(files: Files, path: string): Promise<DataState> {
  for (let tries = 1; ; tries++) {
    try {
      return await readDataState(files, path);
    } catch (error) {
      if (tries === TRIES || !(error as ScaleQuestError).code?.startsWith('ERR_STORE')) throw error;
    }
  }
}

async function readDataState(files: Files, path: string): Promise<DataState> {
  const dataFile = join(path, STORE_DATA_FILE);
  const file = await files.open(dataFile, 'read');
  try {
    const metas = await readMetas(path, file);
    if (typeof metas === 'string') return metas;
    const newest = metas[1].transaction > metas[0].transaction ? metas[1] : metas[0];
    // The size is read after the pages that imply it, because the file may grow meanwhile, and grows before they change.
    const foundBytes = (await files.stat(dataFile))?.sizeBytes ?? 0;
    const expectedBytes = (newest.lastPage + 1) * newest.pageBytes;
    if (foundBytes < expectedBytes) throw cutOff(path, foundBytes, expectedBytes);
    return 'whole';
  } finally {
    await file.close();
  }
}

/**
 * The number of the newest transaction in a data file; null where it holds no database yet. Throws ERR_STORE_FOREIGN, _DAMAGED,
 * _VERSION, ERR_IO_READ.
 */
export async function newestTransaction(
  files: Files,
  path: string,
  dataFile: string,
): Promise<bigint | null> {
  const file = await files.open(dataFile, 'read');
  try {
    const metas = await readMetas(path, file);
    if (typeof metas === 'string') return null;
    const [first, second] = metas;
    return second.transaction > first.transaction ? second.transaction : first.transaction;
  } finally {
    await file.close();
  }
}

async function readMetas(path: string, file: OpenFile): Promise<[Meta, Meta] | 'empty' | 'begun'> {
  const start = Buffer.from(await file.read(0, META.bytes));
  // A crash came between making the file and writing its first page.
  if (start.length === 0) return 'empty';
  const first = readMeta(path, start);
  const end = Buffer.from(await file.read(first.pageBytes, META.bytes));
  if (end.length === META.bytes) return [first, readMeta(path, end)];
  // A crash or a full disk came between the first page and the second, which is before any transaction.
  if (first.transaction === 0n) return 'begun';
  throw cutOff(path, first.pageBytes + end.length, 2 * first.pageBytes);
}

interface Meta {
  pageBytes: number;
  lastPage: number;
  transaction: bigint;
}

function readMeta(path: string, page: Buffer): Meta {
  if (page.length < META.bytes || page.readUInt32LE(META.magic) !== MAGIC) {
    throw foreign(path, `its ${STORE_DATA_FILE} is no LMDB file, or its beginning was written over`);
  }
  const version = page.readUInt32LE(META.version) & 0xff;
  if (version !== DATA_VERSION) {
    throw new ScaleQuestError(
      'ERR_STORE_VERSION',
      `the store ${path} has LMDB's data version ${version}, expected ${DATA_VERSION}; use the version of scalequest ` +
        'that wrote it, or another folder',
    );
  }
  return {
    pageBytes: page.readUInt32LE(META.pageBytes),
    lastPage: Number(page.readBigUInt64LE(META.lastPage)),
    transaction: page.readBigUInt64LE(META.transaction),
  };
}

function cutOff(path: string, foundBytes: number, expectedBytes: number): ScaleQuestError {
  return lost(
    path,
    `is cut off: ${STORE_DATA_FILE} has ${foundBytes} bytes, expected at least ${expectedBytes}`,
  );
}
