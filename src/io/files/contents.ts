import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { type FilePick, findDataFiles, isPattern } from './dataFiles.js';
import { type Files, nodeFiles } from './files.js';

const BLOCK_BYTES = 1 << 20;
const SAMPLED_BLOCKS = 256;

/** Files up to this size are read whole. */
export const WHOLE_BYTES_MAX = SAMPLED_BLOCKS * BLOCK_BYTES;

/**
 * A SHA-256 that changes with the contents. A file of up to WHOLE_BYTES_MAX is read whole. Of a larger one the size and 256
 * blocks of 1 MiB are read, spread evenly with the first and the last among them: a change between them that keeps the size
 * goes unseen. A folder, or a pattern, counts by the names and contents of its files: of those that `pick` takes, or of all. Throws
 * ERR_IO_READ.
 */
export async function contentsHash(path: string, pick?: FilePick, files: Files = nodeFiles): Promise<string> {
  const hash = createHash('sha256');
  const names = await namesIn(path, pick, files);
  if (names === null) return hash.update(await fileHash(path, files)).digest('hex');
  for (const name of names) hash.update(`${name}\0`).update(await fileHash(join(path, name), files));
  return hash.digest('hex');
}

/** Opens every file that `contentsHash` would read, and reads nothing. Throws ERR_IO_READ for one that cannot be opened. */
export async function openContents(path: string, pick?: FilePick, files: Files = nodeFiles): Promise<void> {
  const names = await namesIn(path, pick, files);
  const paths = names === null ? [path] : names.map((name) => join(path, name));
  for (const each of paths) await (await files.open(each, 'read')).close();
}

/** The files of a folder or a pattern, by their paths from there; null for a file. */
async function namesIn(path: string, pick: FilePick | undefined, files: Files): Promise<string[] | null> {
  const stat = await files.stat(path);
  if (stat ? !stat.isFolder : !pick || !isPattern(path)) return null;
  if (pick) return (await findDataFiles(files, path, pick)).files.map((file) => relative(path, file));
  const names: string[] = [];
  for (const name of await files.readdir(path)) {
    if (!(await files.stat(join(path, name)))?.isFolder) names.push(name);
  }
  return names;
}

/** The same with all subfolders, but for those that version control and Python keep for themselves. Throws ERR_IO_READ. */
export async function treeHash(
  path: string,
  files: Files = nodeFiles,
  above: readonly string[] = [],
): Promise<string> {
  const stat = await files.stat(path);
  if (!stat?.isFolder) return contentsHash(path, undefined, files);
  const within = [...above, stat.id ?? path];
  const hash = createHash('sha256');
  for (const name of (await files.readdir(path)).filter((each) => !NO_CONTENTS.includes(each))) {
    const inner = join(path, name);
    const found = await files.stat(inner);
    // A link that leads nowhere, or back to a folder that it lies in, counts by its name alone.
    const isRead = found !== null && !(found.isFolder && within.includes(found.id ?? inner));
    hash.update(`${name}\0`).update(isRead ? await treeHash(inner, files, within) : '');
  }
  return hash.digest('hex');
}

const NO_CONTENTS = ['.git', '__pycache__'];

/** The first `lengthBytes` bytes of a file, or all of a shorter one. Throws ERR_IO_READ. */
export async function readHead(
  path: string,
  lengthBytes: number,
  files: Files = nodeFiles,
): Promise<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    return await file.read(0, lengthBytes);
  } finally {
    await file.close();
  }
}

async function fileHash(path: string, files: Files): Promise<Buffer> {
  const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
  const file = await files.open(path, 'read');
  const hash = createHash('sha256').update(`${sizeBytes}\0`);
  try {
    for (const position of positionsOf(sizeBytes)) hash.update(await file.read(position, BLOCK_BYTES));
  } finally {
    await file.close();
  }
  return hash.digest();
}

function positionsOf(sizeBytes: number): number[] {
  if (sizeBytes <= WHOLE_BYTES_MAX) {
    return Array.from({ length: Math.ceil(sizeBytes / BLOCK_BYTES) }, (_, at) => at * BLOCK_BYTES);
  }
  const last = sizeBytes - BLOCK_BYTES;
  return Array.from({ length: SAMPLED_BLOCKS }, (_, at) => Math.floor((last * at) / (SAMPLED_BLOCKS - 1)));
}
