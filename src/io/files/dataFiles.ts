import { join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
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
  const named: string[] = [];
  const found = new Set<string>();
  const leftOut = new Set<string>();
  for (const path of paths) {
    const listed = await filesOf(files, path, pick);
    if (listed === null) named.push(path);
    else for (const file of listed.files) found.add(file);
    for (const file of listed?.leftOut ?? []) leftOut.add(file);
  }
  const all = [...named, ...[...found].filter((file) => !named.includes(file))];
  for (const file of all) leftOut.delete(file);
  return { files: all.sort(byCodeUnits), leftOut: [...leftOut].sort(byCodeUnits) };
}

/** Whether a path is a pattern, unless something lies there under that very name. */
export function isPattern(path: string): boolean {
  return picomatch.scan(path).isGlob;
}

/** Null for a single file. */
async function filesOf(files: Files, path: string, pick: FilePick): Promise<DataFiles | null> {
  const stat = await files.stat(path);
  if (stat && !stat.isFolder) return null;
  if (!stat && !isPattern(path)) {
    throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
  }
  const listed = stat ? await inFolder(files, path, pick) : await matching(files, path);
  if (listed.files.length === 0) throw nothingIn(path, stat !== null, pick, listed.leftOut);
  return listed;
}

async function inFolder(files: Files, folder: string, pick: FilePick, depth = 0): Promise<DataFiles> {
  const listed: DataFiles = { files: [], leftOut: [] };
  for (const name of await files.readdir(folder)) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    if (!(await files.stat(path))?.isFolder) {
      const isData = pick.extensions.some((extension) => name.endsWith(extension));
      (isData ? listed.files : listed.leftOut).push(path);
      continue;
    }
    if (!pick.subfolders || depth >= DEPTH_MAX) {
      listed.leftOut.push(`${path}/`);
      continue;
    }
    const inner = await inFolder(files, path, pick, depth + 1);
    listed.files.push(...inner.files);
    listed.leftOut.push(...inner.leftOut);
  }
  return listed;
}

async function matching(files: Files, pattern: string): Promise<DataFiles> {
  const { base, glob } = picomatch.scan(toSlashes(pattern));
  const isMatch = picomatch(glob);
  const folder = resolve(base || '.');
  if (!(await files.stat(folder))?.isFolder) return { files: [], leftOut: [] };
  const found: string[] = [];
  const depthMax = glob.includes('**') ? DEPTH_MAX : glob.split('/').length - 1;
  async function walk(inner: string, depth: number): Promise<void> {
    for (const name of await files.readdir(inner)) {
      if (name.startsWith('.')) continue;
      const path = join(inner, name);
      const isFolder = (await files.stat(path))?.isFolder ?? false;
      if (isFolder && depth < depthMax) await walk(path, depth + 1);
      if (!isFolder && isMatch(toSlashes(relative(folder, path)))) found.push(path);
    }
  }
  await walk(folder, 0);
  return { files: found, leftOut: [] };
}

function toSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

function nothingIn(
  path: string,
  isFolder: boolean,
  { extensions }: FilePick,
  leftOut: readonly string[],
): ScaleQuestError {
  if (!isFolder) {
    const message = `cannot read ${path}: no file matches the pattern. Check it.`;
    return new ScaleQuestError('ERR_IO_READ', message);
  }
  const found =
    leftOut.length > 0 ? `; found ${leftOut.slice(0, 5).map((file) => relative(path, file) || file)}` : '';
  const message = `${path} holds no ${printEndings(extensions)} file${found}. Name the files, or the right folder.`;
  return new ScaleQuestError('ERR_IO_READ', message);
}

function printEndings(extensions: readonly string[]): string {
  if (extensions.length === 1) return extensions[0]!;
  return `${extensions.slice(0, -1).join(', ')} or ${extensions.at(-1)}`;
}
