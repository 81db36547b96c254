import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { type Files, byCodeUnits } from './files.js';

/**
 * The data files that `paths` stand for, in name order: a file is itself, a folder is its files that end in
 * `extension` (not those of its folders). Throws ERR_IO_READ if a path is missing or a folder has none.
 */
export async function listDataFiles(
  files: Files,
  paths: readonly string[],
  extension: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const stat = await files.stat(path);
    if (!stat)
      throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
    if (!stat.isFolder) {
      found.push(path);
      continue;
    }
    const names = (await files.readdir(path)).filter(
      (name) => name.endsWith(extension) && !name.startsWith('.'),
    );
    if (names.length === 0) throw new ScaleQuestError('ERR_IO_READ', `${path} holds no ${extension} file.`);
    found.push(...names.map((name) => join(path, name)));
  }
  return found.sort(byCodeUnits);
}
