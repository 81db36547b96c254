import { ScaleQuestError } from '../../errors.js';
import { hasEnding } from '../files/dataFiles.js';
import type { Files } from '../files/files.js';
import type { SourceFormat } from './format.js';
import { SOURCE_FORMATS } from './registry.js';

/**
 * The source format of a file, or of the files in a folder, by their endings. Throws ERR_IO_READ where nothing is there,
 * ERR_DATA_INVALID for files of no format or of several.
 */
export async function formatOf(path: string, files: Files): Promise<SourceFormat> {
  const stat = await files.stat(path);
  if (!stat)
    throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
  const names = stat.isFolder ? await files.readdir(path) : [path];
  const found = (Object.values(SOURCE_FORMATS) as SourceFormat[]).filter(({ extensions }) =>
    names.some((name) => hasEnding(name, extensions)),
  );
  if (found.length === 1) return found[0]!;
  throw new ScaleQuestError('ERR_DATA_INVALID', `cannot read ${path}: ${whyNoFormat(found)}.`);
}

function whyNoFormat(found: readonly SourceFormat[]): string {
  const listed = (formats: readonly SourceFormat[], word: string): string =>
    formats.map(({ extensions }) => extensions[0]).join(` ${word} `);
  if (found.length > 1)
    return `found ${listed(found, 'and')} files in it, expected files of one format. Name the file`;
  // A data set of a hub has files of the other formats.
  const ofFiles = (Object.values(SOURCE_FORMATS) as SourceFormat[]).filter(({ extensions }) => extensions[0]);
  return `expected a ${listed(ofFiles, 'or')} file`;
}
