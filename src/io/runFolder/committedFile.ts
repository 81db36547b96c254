import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { hashFile } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import type { FileRecord } from './manifest.js';

/** What is wrong with a file that a record names, in words; null if it has the bytes that were written. Throws ERR_IO_READ. */
export async function damageOf(
  files: Files,
  path: string,
  { bytes, sha256 }: Pick<FileRecord, 'bytes' | 'sha256'>,
): Promise<string | null> {
  const size = (await files.stat(path))?.sizeBytes;
  if (size === undefined) return `found no file, expected the ${bytes} bytes that were committed`;
  // Cheaper than to read it.
  if (size !== bytes) return `found ${size} bytes, expected the ${bytes} bytes that were committed`;
  const found = await hashFile(files, path);
  if (found?.sha256 === sha256) return null;
  return `found other bytes than those that were committed (SHA-256 ${found?.sha256.slice(0, 12)}…, expected ${sha256.slice(0, 12)}…)`;
}

/**
 * Reads files of a run folder once, piece by piece, and throws ERR_DATA_INVALID for one that has not the bytes that were
 * committed. Throws ERR_IO_READ.
 */
export async function assertUndamaged(
  files: Files,
  folder: string,
  records: readonly FileRecord[],
): Promise<void> {
  for (const record of records) {
    const path = join(folder, record.file);
    const damage = await damageOf(files, path, record);
    if (damage !== null) throw damaged(path, folder, damage);
  }
}

function damaged(file: string, folder: string, damage: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `${damage}. Restore the file from a copy, or start beside the run with --fresh: what is in the store is not asked again. ` +
      `\`scalequest verify ${folder}\` names every damaged file.`,
    { at: { file } },
  );
}
