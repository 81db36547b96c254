import { isAbsolute, relative, sep } from 'node:path';
import { ScaleQuestError } from '../../errors.js';

/** Where a file of the folder `from` is in its copy `to`, which another machine sees. Throws ERR_USAGE for files outside of it. */
export function movedPath(path: string, from: string, to: string): string {
  const inside = relative(from, path);
  if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside))
    return [to.replace(/\/+$/, ''), ...inside.split(sep).filter((part) => part !== '')].join('/') || '/';
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${path} outside of ${from}, expected the files of the run in the folder that stands in ${to} there; ` +
      'start the command in a folder above both',
  );
}
