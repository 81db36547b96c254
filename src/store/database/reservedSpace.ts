import { join } from 'node:path';
import { removeQuietly } from '../../io/files/atomicFile.js';
import { type Files, type OpenFile, fileError } from '../../io/files/files.js';
import { STORE_DATA_FILE, STORE_SPACE_FILE } from './fileNames.js';

/**
 * LMDB must not meet a full disk. It maps its lock file into memory, where a page without a block on the disk ends the process
 * by a signal, and its error message about a page that cannot be written overruns its buffer. Nor may it fail to open its files,
 * which ends the process too. So what it needs is reserved before, by calls that can fail like any other.
 */

/** More than LMDB needs to make its files. */
const NEW_BYTES = 256 << 10;
/** The data file grows at least by this. */
const GROWTH_BYTES = 256 << 10;
const ZEROS = new Uint8Array(GROWTH_BYTES);

/** Makes sure that the disk has space for a new database. Throws ERR_IO_WRITE. */
export async function assertSpaceForNew(files: Files, path: string): Promise<void> {
  const scratch = join(path, STORE_SPACE_FILE);
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

/** LMDB opens two files, one of them twice. */
const HANDLES = 3;

/** Makes sure that LMDB can open its files, which are `name` or beside it. Throws ERR_IO_READ, ERR_IO_WRITE. */
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
  /** Size of each value put, in bytes. */
  valuesBytes: readonly number[];
}

/** A table of LMDB as far as its pages matter here. */
export interface PageStats {
  getStats(): object;
}

/** The tables that a transaction writes to, by name; the root knows the file's last page. */
export interface WrittenTables {
  readonly root: PageStats;
  readonly [name: string]: PageStats;
}

/** Makes sure that the data file has disk blocks for all that a transaction may add behind its last page. Throws ERR_IO_WRITE. */
export async function preallocate(
  files: Files,
  path: string,
  tables: WrittenTables,
  writes: StoreWrites,
): Promise<void> {
  const dataFile = join(path, STORE_DATA_FILE);
  const { pageSize: pageBytes, lastPageNumber } = tables.root.getStats() as RootStats;
  const bytesWith = (copied: number): number =>
    (lastPageNumber + 1 + pagesOf(copied, writes, pageBytes)) * pageBytes;
  const found = await files.stat(dataFile);
  // To open it would make an empty one.
  if (!found) throw fileError('ERR_IO_WRITE', dataFile, { code: 'ENOENT' });
  // For few keys this bound mostly suffices; the exact one reads the statistics of every tree.
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

interface TreeStats {
  treeDepth: number;
  treeBranchPageCount: number;
  treeLeafPageCount: number;
}

type RootStats = TreeStats & { pageSize: number; lastPageNumber: number };

/** No tree of the database is deeper: with a hundred keys in a page it would have more pages than a file can hold. */
const DEPTH_MAX = 8;
/** For the list of free pages, and for the roots. */
const SPARE_PAGES = 32;
/** In the list of free pages. */
const PAGE_NUMBER_BYTES = 8;
/** A page of a tree is at least half full; an entry is a key of 16 bytes, a value or a page number, and a header. */
const ENTRY_BYTES = 48;
/** Another process may write between our look and our transaction. */
const SAFETY_FACTOR = 2;

/** At most: each page of a tree on the way to a key is written anew. */
function copiedPages(tables: WrittenTables, { keys }: StoreWrites): number {
  return Object.values(tables).reduce((sum, table) => {
    const { treeDepth, treeBranchPageCount, treeLeafPageCount } = table.getStats() as TreeStats;
    const branches = Math.min(keys * treeDepth, treeBranchPageCount);
    return sum + branches + Math.min(keys, treeLeafPageCount) + treeDepth + 1;
  }, 0);
}

function pagesOf(copied: number, { keys, valuesBytes }: StoreWrites, pageBytes: number): number {
  const freed = Math.ceil((copied * PAGE_NUMBER_BYTES) / pageBytes);
  const split = Math.ceil((2 * keys * ENTRY_BYTES) / pageBytes);
  const values = valuesBytes.reduce((sum, bytes) => sum + Math.ceil(bytes / pageBytes) + 1, 0);
  return SAFETY_FACTOR * (copied + freed + split + values + SPARE_PAGES);
}
