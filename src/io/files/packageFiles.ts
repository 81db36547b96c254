import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScaleQuestError } from '../../errors.js';
import { readTextFile } from './textFile.js';

/** The folder of this package, wherever it is installed, and whether or not it runs from `dist`. */
export const PACKAGE_FOLDER = findPackageFolder(dirname(fileURLToPath(import.meta.url)));

function findPackageFolder(start: string): string {
  let folder = start;
  while (!isPackage(folder)) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new ScaleQuestError(
        'ERR_IO_READ',
        `no package.json of scalequest above ${start}: the installation is broken`,
      );
    }
    folder = parent;
  }
  return folder;
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  return (
    existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'scalequest'
  );
}

/** Whether code of this package can import another one, without loading it. */
export function canImport(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** The text of a prompt file, or of the built-in prompt `name` (pipelines/prompts/) where no path is given. */
export function readPromptFile(name: string, path: string | undefined): string {
  const file = path ?? join(PACKAGE_FOLDER, 'pipelines', 'prompts', `${name}.txt`);
  return readTextFile(file).replace(/\n$/, '');
}
