import { join } from 'node:path';
import { ScaleQuestError } from '../errors.js';
import type { Files } from './files.js';

/** The two files of a store, as LMDB names them. */
export const STORE_DATA_FILE = 'data.mdb';
const STORE_LOCK_FILE = 'lock.mdb';

/**
 * LMDB's meta pages (struct MDB_meta in mdb.c of the lmdb package, data version 2, 64-bit): the first two pages of the file,
 * written in turn. Offsets in bytes from the start of a page, after its header of 24.
 */
const META = { magic: 24, version: 28, pageBytes: 48, lastPage: 144, transaction: 152, bytes: 160 };
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;

/**
 * Looks at a folder before the database opens it, and makes it if it is missing. LMDB maps its file into memory: a page that
 * a torn file lacks would end the process by a signal, so what can be known beforehand is. Throws ERR_STORE_FOREIGN for what
 * is no store, ERR_STORE_DAMAGED for one that was cut off, ERR_STORE_VERSION for another version of LMDB's format.
 */
export async function prepareStoreFolder(files: Files, path: string): Promise<{ isNew: boolean }> {
  const found = await files.stat(path);
  if (found && !found.isFolder) throw foreign(path, 'it is a file, expected a folder');
  if (!found) await files.mkdir(path);
  const names = found ? await files.readdir(path) : [];
  if (!names.includes(STORE_DATA_FILE)) {
    const other = names.find((name) => name !== STORE_LOCK_FILE);
    if (other) throw foreign(path, `it holds "${other}" but no ${STORE_DATA_FILE}`);
    return { isNew: true };
  }
  return { isNew: await isEmptyOrChecked(files, path) };
}

async function isEmptyOrChecked(files: Files, path: string): Promise<boolean> {
  const dataFile = join(path, STORE_DATA_FILE);
  const sizeBytes = (await files.stat(dataFile))?.sizeBytes ?? 0;
  // A crash between making the file and its first page.
  if (sizeBytes === 0) return true;
  const file = await files.open(dataFile, 'read');
  try {
    const first = Buffer.from(await file.read(0, META.bytes));
    const pageBytes = readMeta(path, first).pageBytes;
    const second = Buffer.from(await file.read(pageBytes, META.bytes));
    if (second.length < META.bytes) throw torn(path, sizeBytes, 2 * pageBytes);
    const metas = [first, second].map((page) => readMeta(path, page));
    const newest = metas[1]!.transaction > metas[0]!.transaction ? metas[1]! : metas[0]!;
    const expectedBytes = (newest.lastPage + 1) * pageBytes;
    if (sizeBytes < expectedBytes) throw torn(path, sizeBytes, expectedBytes);
    return false;
  } finally {
    await file.close();
  }
}

function readMeta(path: string, page: Buffer): { pageBytes: number; lastPage: number; transaction: bigint } {
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

export function foreign(path: string, why: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_FOREIGN',
    `${path} is not a store of replies: ${why}. Nothing in it was changed; name another folder in \`store\``,
    { data: { path } },
  );
}

function torn(path: string, foundBytes: number, expectedBytes: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_DAMAGED',
    `the store ${path} is cut off: ${STORE_DATA_FILE} has ${foundBytes} bytes, expected at least ${expectedBytes}. ` +
      'Restore it from a copy, or move it away and let a new one be made: its replies are then asked again',
    { data: { path } },
  );
}
