import { join, relative, resolve, sep } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { type Files, byCodeUnits } from './files.js';

/** Which files of a folder are data. */
export interface FilePick {
  /** How their names end, with the dot. */
  extensions: readonly string[];
  /** Whether the folders in a folder are read too; no if absent. */
  subfolders?: boolean | undefined;
}

/** The files that paths stand for. */
export interface DataFiles {
  /** In name order, the same on every machine. */
  files: string[];
  /** What lies in the folders beside them and is not read; folders end in a slash. Hidden files are not named. */
  leftOut: string[];
}

const DEPTH_MAX = 32;

/**
 * The data files that `paths` stand for, in name order: a file is itself, a folder its files of the wanted endings, and a
 * pattern (`data/*.jsonl`, `**`) the files that it matches. A file that a folder or a pattern finds comes once. Throws
 * ERR_IO_READ where a path is missing, or stands for no file.
 */
export async function listDataFiles(
  files: Files,
  paths: readonly string[],
  pick: FilePick,
): Promise<DataFiles> {
  const listed: FoundFiles[] = [];
  for (const path of paths) {
    const each = await findDataFiles(files, path, pick);
    if (each.files.length === 0) throw nothingIn(path, pick, each.leftOut);
    listed.push(each);
  }
  return joined(listed);
}

/** A file that is named counts as often as it is named; one that is found counts once. */
function joined(listed: readonly FoundFiles[]): DataFiles {
  const named = listed.flatMap(({ files, isNamed }) => (isNamed ? files : []));
  const found = new Set(listed.flatMap(({ files, isNamed }) => (isNamed ? [] : files)));
  const all = [...named, ...[...found].filter((file) => !named.includes(file))].sort(byCodeUnits);
  const leftOut = new Set(listed.flatMap((each) => each.leftOut));
  for (const file of all) leftOut.delete(file);
  return { files: all, leftOut: [...leftOut].sort(byCodeUnits) };
}

/** Whether a path is a pattern, unless something lies there under that very name. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** Whether a name ends in one of these, in letters of any size, as other systems write them. */
export function hasEnding(name: string, extensions: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return extensions.some((extension) => lower.endsWith(extension));
}

interface FoundFiles extends DataFiles {
  /** Whether the path names one file. */
  isNamed: boolean;
}

/** The same for one path, which may stand for no file. */
export async function findDataFiles(files: Files, path: string, pick: FilePick): Promise<FoundFiles> {
  const stat = await files.stat(path);
  if (stat && !stat.isFolder) return { files: [path], leftOut: [], isNamed: true };
  if (!stat && !isPattern(path)) {
    throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
  }
  const found = stat ? await inFolder(files, path, pick) : await matching(files, path);
  return { ...found, files: found.files.sort(byCodeUnits), isNamed: false };
}

async function inFolder(
  files: Files,
  folder: string,
  pick: FilePick,
  above: readonly string[] = [],
): Promise<DataFiles> {
  const listed: DataFiles = { files: [], leftOut: [] };
  const within = [...above, await idOf(files, folder)];
  for (const name of await files.readdir(folder)) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    if (!(await files.stat(path))?.isFolder) {
      (hasEnding(name, pick.extensions) ? listed.files : listed.leftOut).push(path);
      continue;
    }
    if (!pick.subfolders || (await isLoop(files, path, within))) {
      listed.leftOut.push(`${path}/`);
      continue;
    }
    const inner = await inFolder(files, path, pick, within);
    listed.files.push(...inner.files);
    listed.leftOut.push(...inner.leftOut);
  }
  return listed;
}

/** A link may lead back to a folder that it lies in: its files would be read again and again. */
async function isLoop(files: Files, folder: string, within: readonly string[]): Promise<boolean> {
  return within.length > DEPTH_MAX || within.includes(await idOf(files, folder));
}

async function idOf(files: Files, folder: string): Promise<string> {
  return (await files.stat(folder))?.id ?? folder;
}

const PATTERN_CHARS_MAX = 4096;

async function matching(files: Files, pattern: string): Promise<DataFiles> {
  // Few pipelines need it, and each command would load it.
  const { default: picomatch } = await import('picomatch');
  const { base, glob } = picomatch.scan(toSlashes(pattern));
  // Marks alone, as `{{`, are no pattern, and no system has paths that long.
  if (glob === '' || pattern.length > PATTERN_CHARS_MAX) return { files: [], leftOut: [] };
  const isMatch = picomatch(glob);
  const folder = resolve(base || '.');
  if (!(await files.stat(folder))?.isFolder) return { files: [], leftOut: [] };
  const found: string[] = [];
  const depthMax = glob.includes('**') ? DEPTH_MAX : glob.split('/').length - 1;
  async function walk(inner: string, above: readonly string[]): Promise<void> {
    const within = [...above, await idOf(files, inner)];
    for (const name of await files.readdir(inner)) {
      if (name.startsWith('.')) continue;
      const path = join(inner, name);
      const isFolder = (await files.stat(path))?.isFolder ?? false;
      if (isFolder && above.length < depthMax && !(await isLoop(files, path, within)))
        await walk(path, within);
      if (!isFolder && isMatch(toSlashes(relative(folder, path)))) found.push(path);
    }
  }
  await walk(folder, []);
  return { files: found, leftOut: [] };
}

function toSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

function nothingIn(path: string, { extensions }: FilePick, leftOut: readonly string[]): ScaleQuestError {
  if (isPattern(path)) {
    const message = `cannot read ${path}: no file matches the pattern. Check it.`;
    return new ScaleQuestError('ERR_IO_READ', message);
  }
  const names = leftOut.slice(0, 5).map((file) => relative(path, file));
  const found = names.length > 0 ? `; found ${names.join(', ')}` : '';
  const message = `${path} holds no ${printEndings(extensions)} file${found}. Name the files, or the right folder.`;
  return new ScaleQuestError('ERR_IO_READ', message);
}

function printEndings(extensions: readonly string[]): string {
  if (extensions.length === 1) return extensions[0]!;
  return `${extensions.slice(0, -1).join(', ')} or ${extensions.at(-1)}`;
}
