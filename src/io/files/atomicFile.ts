import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { ScaleQuestError } from '../../errors.js';
import type { Files, OpenFile } from './files.js';

/** A file as it was written, for the manifest. */
export interface WrittenFile {
  rows: number;
  bytes: number;
  /** Hash of the whole file, hexadecimal. */
  sha256: string;
}

/** The name of a file until it is whole. It lies in the same folder, because a rename must not cross file systems. */
export function temporaryPath({ writer }: Pick<Files, 'writer'>, path: string): string {
  return writer === undefined ? `${path}.tmp` : `${path}.${writer}.tmp`;
}

/** The same in the folder above: some readers take every file of a folder for data. */
export function temporaryPathAbove(files: Pick<Files, 'writer'>, path: string): string {
  return temporaryPath(files, join(dirname(dirname(path)), basename(path)));
}

/**
 * Writes a file so that a crash leaves the old one or the new one, never a part: temporary name, fsync,
 * rename, fsync of the folder. On an error the temporary file is removed. Throws ERR_IO_WRITE.
 */
export async function writeAtomic(
  files: Files,
  path: string,
  content: Uint8Array | string,
  temporary: string = temporaryPath(files, path),
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  try {
    const file = await files.open(temporary, 'write');
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(files, temporary, path);
  } catch (error) {
    await removeQuietly(files, temporary);
    throw error;
  }
}

/** Gives a whole, synced file its name, durably. */
export async function publish(files: Files, temporary: string, path: string): Promise<void> {
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
}

/** Makes a folder and its parents durably: files that are flushed inside survive a power cut. Throws ERR_IO_WRITE. */
export async function makeFolder(files: Files, path: string): Promise<void> {
  const missing: string[] = [];
  let folder = path;
  while ((await files.stat(folder)) === null && dirname(folder) !== folder) {
    missing.push(folder);
    folder = dirname(folder);
  }
  await files.mkdir(path);
  // A folder that exists may be new too: a run that was killed, or whose flush failed, may have made it a moment ago.
  for (const made of new Set([...missing, path, dirname(path)])) {
    const flushing = files.syncFolder(dirname(made));
    await (missing.includes(made) ? flushing : flushing.catch(throwUnlessForbidden));
  }
}

/** A parent that may not be opened was made by somebody else, long ago. A failing disk is another matter. */
function throwUnlessForbidden(error: unknown): void {
  const { errno } = (error as ScaleQuestError).data ?? {};
  if (errno !== 'EACCES' && errno !== 'EPERM') throw error;
}

/** Removes a file after an error; a failure to do so must not hide that error. */
export async function removeQuietly(files: Files, path: string): Promise<void> {
  await files.unlink(path).catch(() => {});
}

export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A file that is written, with the hash and the size of what was written. */
export interface HashedFile extends Pick<OpenFile, 'write' | 'sync' | 'close'> {
  written(): { bytes: number; sha256: string };
}

export function hashedFile(file: OpenFile): HashedFile {
  const hash = createHash('sha256');
  let size = 0;
  return {
    ...file,
    async write(bytes) {
      hash.update(bytes);
      size += bytes.length;
      await file.write(bytes);
    },
    written: () => ({ bytes: size, sha256: hash.copy().digest('hex') }),
  };
}

/** Large enough that the calls cost nothing, small enough that several fit into a processor's cache. */
const HASHED_BYTES = 1 << 20;

/** SHA-256 and size of a file, which is read piece by piece. Null where nothing is there. Throws ERR_IO_READ. */
export async function hashFile(
  files: Files,
  path: string,
): Promise<{ sha256: string; bytes: number } | null> {
  const found = await files.stat(path);
  if (!found || found.isFolder) return null;
  const hash = createHash('sha256');
  const file = await files.open(path, 'read');
  let bytes = 0;
  try {
    for (;;) {
      const piece = await file.read(bytes, HASHED_BYTES);
      bytes += piece.length;
      hash.update(piece);
      if (piece.length < HASHED_BYTES) break;
    }
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}
