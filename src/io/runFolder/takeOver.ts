import { join } from 'node:path';
import { writeAtomic } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { hasManifest, removeRemainders } from './runFolder.js';
import { type LockWorld, type RunLock, lockRunFolder, seizeRunFolder } from './runLock.js';
import { MANIFEST_FILE } from './runPaths.js';

/**
 * Locks a run folder for one process. With `takeOver` also where another process holds it, as when the machine of that one is
 * gone, or the network between. That process, should it still live, can add nothing from here on (see `fencedFiles`).
 * Throws ERR_RUN_FOLDER, ERR_IO_READ, ERR_IO_WRITE.
 */
export async function holdRunFolder(
  files: Files,
  folder: string,
  sleep: (ms: number) => Promise<void>,
  takeOver: boolean,
  others?: LockWorld,
): Promise<RunLock> {
  if (!takeOver) return lockRunFolder(files, folder, sleep, others);
  const lock = await seizeRunFolder(files, folder, sleep, others);
  if (lock.takenFrom === null) return lock;
  try {
    // In this order: a manifest that the other one is about to replace goes with its temporary file.
    await removeRemainders(lock.files, folder);
    await renewManifest(lock.files, folder);
    return lock;
  } catch (error) {
    await lock.release().catch(() => {});
    throw error;
  }
}

/** The same lines in another file of the same name: what the other process appends to its open file comes into no manifest. */
async function renewManifest(files: Files, folder: string): Promise<void> {
  if (!(await hasManifest(files, folder))) return;
  const path = join(folder, MANIFEST_FILE);
  await writeAtomic(files, path, await readWhole(files, path));
}
