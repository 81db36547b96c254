import { basename, dirname, join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { exportDamage, exportRecordFile, readExportRecord } from '../exports/exportRecord.js';
import { EXPORTS_FOLDER } from '../exports/writeExport.js';
import type { Files } from '../files/files.js';
import { assertUndamaged } from './committedFile.js';
import { committedFiles } from './commits.js';
import { readManifest } from './manifest.js';
import { COMMIT_FOLDERS, MANIFEST_FILE } from './runPaths.js';

/**
 * Reads those of the files that a run has written, as far as they lie in its folder, and throws ERR_DATA_INVALID for one that is not
 * as it was written, or that no commit names: a run on the rows of another one must not begin with wrong ones. ERR_IO_READ.
 */
export async function assertOwnFiles(files: Files, paths: readonly string[]): Promise<void> {
  const byFolder = new Map<string, string[]>();
  for (const path of paths) byFolder.set(dirname(path), [...(byFolder.get(dirname(path)) ?? []), path]);
  for (const [folder, own] of byFolder) {
    const above = dirname(folder);
    const isOfRun = COMMIT_FOLDERS.includes(basename(folder));
    if (isOfRun && (await files.stat(join(above, MANIFEST_FILE)))) await assertCommitted(files, above, own);
    const isExport = basename(above) === EXPORTS_FOLDER;
    if (isExport && (await files.stat(exportRecordFile(folder)))) await assertExported(files, folder, own);
  }
}

async function assertCommitted(files: Files, run: string, paths: readonly string[]): Promise<void> {
  const { commits } = await readManifest(files, join(run, MANIFEST_FILE));
  const records = new Map(committedFiles(commits).map((record) => [join(run, record.file), record]));
  for (const path of paths) {
    const record = records.get(path);
    if (!record)
      throw refuse(
        path,
        `no commit in ${MANIFEST_FILE} names it: a run is writing it, or a crash has left it. Start that run again`,
      );
    await assertUndamaged(files, run, [record]);
  }
}

async function assertExported(files: Files, folder: string, paths: readonly string[]): Promise<void> {
  const record = await readExportRecord(files, folder);
  const known = record?.files.filter(({ file }) => paths.includes(join(folder, file))) ?? [];
  const damaged = await exportDamage(files, folder, { files: known });
  const again = 'Start `scalequest run` of that pipeline again: it writes the export anew';
  if (damaged) throw refuse(join(folder, damaged.file.file), `${damaged.damage}. ${again}`);
  if (known.length < paths.length)
    throw refuse(
      folder,
      `its record ${exportRecordFile(folder)} does not name every file, or was changed. ${again}`,
    );
}

function refuse(file: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_DATA_INVALID', `${message}.`, { at: { file } });
}
