import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Files, nodeFiles } from './files.js';

const BLOCK_BYTES = 1 << 20;
const SAMPLED_BLOCKS = 256;

/** Files up to this size are read whole. */
export const WHOLE_BYTES_MAX = SAMPLED_BLOCKS * BLOCK_BYTES;

/**
 * A SHA-256 that changes with the contents. A file of up to WHOLE_BYTES_MAX is read whole. Of a larger one the size and 256
 * blocks of 1 MiB are read, spread evenly with the first and the last among them: a change between them that keeps the size
 * goes unseen. A folder counts by the names and contents of its files that end in `extension`. Throws ERR_IO_READ.
 */
export async function contentsHash(path: string, extension = '', files: Files = nodeFiles): Promise<string> {
  const hash = createHash('sha256');
  if (!(await files.stat(path))?.isFolder) return hash.update(await fileHash(path, files)).digest('hex');
  for (const name of (await files.readdir(path)).filter((each) => each.endsWith(extension))) {
    if ((await files.stat(join(path, name)))?.isFolder) continue;
    hash.update(`${name}\0`).update(await fileHash(join(path, name), files));
  }
  return hash.digest('hex');
}

/** The same with all subfolders, but for those that version control and Python keep for themselves. Throws ERR_IO_READ. */
export async function treeHash(path: string, files: Files = nodeFiles): Promise<string> {
  if (!(await files.stat(path))?.isFolder) return contentsHash(path, '', files);
  const hash = createHash('sha256');
  for (const name of (await files.readdir(path)).filter((each) => !NO_CONTENTS.includes(each))) {
    const inner = join(path, name);
    // A dangling link counts by its name alone.
    hash.update(`${name}\0`).update((await files.stat(inner)) ? await treeHash(inner, files) : '');
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
