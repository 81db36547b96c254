import type { Files } from '../../io/files/files.js';
import { type BlockCodec, createBlockCodec } from '../blockCodec.js';
import type { Replies } from '../replies.js';
import { type StoreWrites, preallocate } from './reservedSpace.js';
import { committed, damaged } from './storeErrors.js';
import { type StoreTables, openStoreTables, readStoreTables } from './tables.js';

/** An open store: its tables, and what reading and writing them takes. */
export interface StoreDatabase {
  files: Files;
  path: string;
  tables: StoreTables;
  codec: BlockCodec;
}

export interface OpenDatabase {
  database: StoreDatabase;
  close(): Promise<void>;
}

/** Opens a store, or makes a new one. Throws as `openStoreTables`. */
export async function openDatabase(files: Files, path: string): Promise<OpenDatabase> {
  const [{ tables, close }, codec] = await Promise.all([openStoreTables(files, path), createBlockCodec()]);
  return { database: { files, path, tables, codec }, close };
}

/** Opens a store to read only; null for one that holds nothing yet. Throws as `openStoreTables`. */
export async function readDatabase(files: Files, path: string): Promise<OpenDatabase | null> {
  const [opened, codec] = await Promise.all([readStoreTables(files, path), createBlockCodec()]);
  if (!opened) return null;
  const { tables, close } = opened;
  return { database: { files, path, tables, codec }, close };
}

/**
 * Runs `change` as one transaction, which is durable when it resolves. The space that it may need is reserved first; `writes`
 * says how much. Rejects with ERR_IO_WRITE for a full disk.
 */
export async function transact<T>(
  { files, path, tables }: StoreDatabase,
  writes: StoreWrites,
  change: (tables: StoreTables) => T,
): Promise<T> {
  await preallocate(files, path, tables, writes);
  return committed(tables.root.transaction(() => change(tables)));
}

/** The replies of a block. Throws ERR_STORE_DAMAGED for one that is missing or cannot be read. */
export function decodeBlock(
  { path, codec }: StoreDatabase,
  blockId: Buffer,
  bytes: Buffer | undefined,
): Replies {
  const replies = bytes && codec.decode(bytes);
  if (!replies) throw damaged(path, blockId);
  return replies;
}
