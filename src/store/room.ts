import { join } from 'node:path';
import { removeQuietly } from '../io/files/atomicFile.js';
import { type Files, type OpenFile, fileError } from '../io/files/files.js';
import { STORE_DATA_FILE, STORE_ROOM_FILE } from './storeFiles.js';
import type { StoreTables } from './tables.js';

/**
 * LMDB must not meet a full disk: it maps its lock file into memory, where a page without a block ends the process by a
 * signal, and its message of a page that cannot be written runs over its buffer; nor may it fail to open its files, which ends
 * the process too. So what it needs is taken beforehand, by calls that may fail as any other.
 */

/** More than LMDB needs to make its files. */
const NEW_BYTES = 256 << 10;
/** The data file grows by so much at least. */
const GROWTH_BYTES = 256 << 10;
const ZEROS = new Uint8Array(GROWTH_BYTES);

/** Whether there is room to make a database. Throws ERR_IO_WRITE. */
export async function assertRoom(files: Files, path: string): Promise<void> {
  const scratch = join(path, STORE_ROOM_FILE);
  try {
    const file = await files.open(scratch, 'write');
    try {
      await file.write(ZEROS.subarray(0, NEW_BYTES));
      await file.sync();
      await assertHandles(files, scratch, 'read');
    } finally {
      await file.close();
    }
  } finally {
    await removeQuietly(files, scratch);
  }
}

/** Its files, one of them twice. */
const HANDLES = 3;

/** Whether LMDB can open its files, which are `name` or beside it. Throws ERR_IO_READ, ERR_IO_WRITE. */
export async function assertHandles(files: Files, name: string, mode: 'read' | 'append'): Promise<void> {
  const handles: OpenFile[] = [];
  try {
    while (handles.length < HANDLES) handles.push(await files.open(name, mode));
  } finally {
    for (const handle of handles) await handle.close();
  }
}

/** What a transaction is about to do. */
export interface StoreWrites {
  /** Keys put or removed, in all tables. */
  keys: number;
  /** Of each value put, bytes. */
  valuesBytes: readonly number[];
}

/** Makes sure that the data file has blocks for all that a transaction may write behind its last page. Throws ERR_IO_WRITE. */
export async function ensureRoom(
  files: Files,
  path: string,
  tables: Partial<StoreTables> & Pick<StoreTables, 'root'>,
  writes: StoreWrites,
): Promise<void> {
  const dataFile = join(path, STORE_DATA_FILE);
  const { pageSize: pageBytes, lastPageNumber } = tables.root.getStats() as RootStats;
  const bytesWith = (copied: number): number =>
    (lastPageNumber + 1 + pagesOf(copied, writes, pageBytes)) * pageBytes;
  const found = await files.stat(dataFile);
  // Opening it would make an empty one.
  if (!found) throw fileError('ERR_IO_WRITE', dataFile, { code: 'ENOENT' });
  // For few keys this is mostly enough to know; to look at the trees costs more.
  const copiedAtMost = DEPTH_MAX * (writes.keys + Object.keys(tables).length);
  if (found.sizeBytes >= bytesWith(copiedAtMost)) return;
  const wantedBytes = bytesWith(copiedPages(tables, writes));
  if (found.sizeBytes >= wantedBytes) return;
  const file = await files.open(dataFile, 'append');
  try {
    for (let bytes = wantedBytes - found.sizeBytes; bytes > 0; bytes -= GROWTH_BYTES) await file.write(ZEROS);
  } finally {
    await file.close();
  }
}

interface TableStats {
  treeDepth: number;
  treeBranchPageCount: number;
  treeLeafPageCount: number;
}

type RootStats = TableStats & { pageSize: number; lastPageNumber: number };

/** Of any tree of the database: with a hundred keys in a page it has more pages than a file can. */
const DEPTH_MAX = 8;
/** For the list of free pages, and for the roots. */
const SPARE_PAGES = 32;
/** In the list of free pages. */
const PAGE_NUMBER_BYTES = 8;
/** A page of a tree is at least half full; an entry is a key of 16 bytes, another or a page's number, and its head. */
const ENTRY_BYTES = 48;
/** Another process may write in the moment between. */
const SHARE = 2;

/** At most: each page of a tree on the way to a key is written anew. */
function copiedPages(tables: Partial<StoreTables>, { keys }: StoreWrites): number {
  return Object.values(tables).reduce((sum, table) => {
    const { treeDepth, treeBranchPageCount, treeLeafPageCount } = table.getStats() as TableStats;
    const branches = Math.min(keys * treeDepth, treeBranchPageCount);
    return sum + branches + Math.min(keys, treeLeafPageCount) + treeDepth + 1;
  }, 0);
}

function pagesOf(copied: number, { keys, valuesBytes }: StoreWrites, pageBytes: number): number {
  const freed = Math.ceil((copied * PAGE_NUMBER_BYTES) / pageBytes);
  const split = Math.ceil((2 * keys * ENTRY_BYTES) / pageBytes);
  const values = valuesBytes.reduce((sum, bytes) => sum + Math.ceil(bytes / pageBytes) + 1, 0);
  return SHARE * (copied + freed + split + values + SPARE_PAGES);
}
