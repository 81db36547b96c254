import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { publish, removeQuietly, temporaryPath } from '../../io/files/atomicFile.js';
import type { Files } from '../../io/files/files.js';
import type { LockHolder } from '../../io/runFolder/runLock.js';
import { STORE_DATA_FILE, STORE_LOCK_FILE } from './fileNames.js';
import { type HolderWorld, filesOfHolder } from './holders.js';
import { newestTransaction } from './storeFolder.js';

const COPIED_BYTES = 1 << 20;
/** A process that still lives sees within two seconds that its run was taken over. */
const TRIES = 10;
const AGAIN_MS = 1_000;

/**
 * Takes a store from a process whose run was taken over, and which may still have it open, on another machine or standing still.
 * LMDB has no lock between machines, so that process must never write into a file that we open: the database is copied, and the
 * copy takes the file's name. Nothing happens where that process did not have the store open.
 *
 * A copy of a database is whole if no more than one transaction was going on while it was made, because LMDB changes no page that
 * the newest transaction can read. So the newest transaction of the copy must be the newest of the database afterwards. Throws
 * ERR_STORE_OPEN where yet another process has the store open, or where that one keeps writing.
 */
export async function takeStoreFrom(
  files: Files,
  path: string,
  from: LockHolder,
  sleep: (ms: number) => Promise<void>,
  world?: HolderWorld,
): Promise<void> {
  if (!(await files.stat(path))) return;
  const left = await filesOfHolder(files, path, from, world);
  if (left.length === 0) return;
  if (await files.stat(join(path, STORE_DATA_FILE))) await renewData(files, path, from, sleep);
  // Last: as long as they are there, no other machine opens the store.
  for (const name of left) await removeQuietly(files, join(path, name));
}

async function renewData(
  files: Files,
  path: string,
  from: LockHolder,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const data = join(path, STORE_DATA_FILE);
  await removeOldCopies(files, path);
  const copy = temporaryPath(files, data);
  try {
    for (let tries = 1; !(await copyWhole(files, path, data, copy)); tries++) {
      if (tries === TRIES) throw stillWritten(path, from);
      await sleep(AGAIN_MS);
    }
    await publish(files, copy, data);
  } catch (error) {
    await removeQuietly(files, copy);
    throw error;
  }
  // The other process may stand still with LMDB's lock in its hand.
  await removeQuietly(files, join(path, STORE_LOCK_FILE));
  await files.syncFolder(path);
}

/** What crashes have left. */
async function removeOldCopies(files: Files, path: string): Promise<void> {
  const names = await files.readdir(path);
  for (const name of names) {
    if (name.startsWith(`${STORE_DATA_FILE}.`) && name.endsWith('.tmp')) await files.unlink(join(path, name));
  }
}

/** False where the other process has written meanwhile. */
async function copyWhole(files: Files, path: string, data: string, copy: string): Promise<boolean> {
  const [from, to] = [await files.open(data, 'read'), await files.open(copy, 'write')];
  try {
    for (let at = 0; ;) {
      const piece = await from.read(at, COPIED_BYTES);
      await to.write(piece);
      at += piece.length;
      if (piece.length < COPIED_BYTES) break;
    }
    await to.sync();
  } finally {
    await from.close();
    await to.close();
  }
  const [newest, copied] = [
    await newestTransaction(files, path, data),
    await newestTransaction(files, path, copy),
  ];
  return newest === copied;
}

function stillWritten(path: string, { pid, host }: LockHolder): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_OPEN',
    `the store ${path} cannot be taken over: process ${pid} on ${host} keeps writing it, expected it to be gone or to end. ` +
      'End it, and start the same command again',
    { data: { path } },
  );
}
