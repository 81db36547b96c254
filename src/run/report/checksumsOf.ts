import { join } from 'node:path';
import { exportRecordFile, readExportRecord } from '../../io/exports/exportRecord.js';
import { EXPORTS_FOLDER } from '../../io/exports/writeExport.js';
import { hashFile } from '../../io/files/atomicFile.js';
import type { Files } from '../../io/files/files.js';
import { CARD_FILE } from '../../io/runFolder/card.js';
import type { Checksums } from '../../io/runFolder/checksums.js';
import { committedFiles } from '../../io/runFolder/commits.js';
import type { RunFolder } from '../../io/runFolder/runFolder.js';
import { MANIFEST_FILE, PICTURES_FOLDER } from '../../io/runFolder/runPaths.js';
import { SAMPLE_FILE } from '../../io/runFolder/sample.js';

/** Small files that are read again for their checksums. */
const READ_AGAIN = [MANIFEST_FILE, 'pipeline.yaml', 'report.json', SAMPLE_FILE, CARD_FILE];

/** The checksums of a finished run. Those of large files are known from when they were written. Throws ERR_IO_READ. */
export async function checksumsOf(
  files: Files,
  { path, manifest }: Pick<RunFolder, 'path' | 'manifest'>,
  exports: readonly string[],
): Promise<Checksums> {
  const sums = new Map(committedFiles(manifest.content.commits).map(({ file, sha256 }) => [file, sha256]));
  const small = [...READ_AGAIN];
  for (const name of exports) {
    const inside = `${EXPORTS_FOLDER}/${name}`;
    small.push(exportRecordFile(inside));
    const record = await readExportRecord(files, join(path, inside));
    for (const { file, sha256 } of record?.files ?? []) sums.set(`${inside}/${file}`, sha256);
  }
  small.push(...(await picturesIn(files, path)));
  for (const file of small) {
    const found = await hashFile(files, join(path, file));
    if (found) sums.set(file, found.sha256);
  }
  return sums;
}

/** Pictures follow from the rows. The page beside them holds measured times, and a checksum of itself. */
async function picturesIn(files: Files, run: string): Promise<string[]> {
  const folder = join(run, PICTURES_FOLDER);
  if (!(await files.stat(folder))?.isFolder) return [];
  const names = await files.readdir(folder);
  return names.filter((name) => name.endsWith('.svg')).map((name) => `${PICTURES_FOLDER}/${name}`);
}
