import type { ScaleQuestError } from '../../errors.js';
import type { Files } from '../../io/files/files.js';
import { type StoreDatabase, openDatabase, readDatabase } from '../database/database.js';
import { writeError } from '../database/storeErrors.js';

/** Opens a store to read only, for one use; `empty` is the result for a store that holds nothing yet. */
export async function useToRead<T>(
  files: Files,
  path: string,
  empty: T,
  use: (database: StoreDatabase) => Promise<T>,
): Promise<T> {
  const opened = await readDatabase(files, path);
  if (!opened) return empty;
  try {
    return await use(opened.database);
  } finally {
    await opened.close();
  }
}

/** Opens a store to write, for one use. Its errors become ERR_STORE_WRITE, but for ERR_USAGE. */
export async function useToWrite<T>(
  files: Files,
  path: string,
  use: (database: StoreDatabase) => Promise<T>,
): Promise<T> {
  const { database, close } = await openDatabase(files, path);
  try {
    return await use(database);
  } catch (error) {
    if ((error as ScaleQuestError).code === 'ERR_USAGE') throw error;
    throw writeError(path, error);
  } finally {
    await close();
  }
}
