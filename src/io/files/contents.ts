import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Files, nodeFiles } from './files.js';

const BLOCK_BYTES = 1 << 20;
const SAMPLED_BLOCKS = 256;

/** Files up to this size are read whole. */
export const WHOLE_BYTES_MAX = SAMPLED_BLOCKS * BLOCK_BYTES;

/**
 * A SHA-256 that is another one for other contents: of the whole file up to WHOLE_BYTES_MAX; of its size and of 256 blocks of
 * 1 MiB beyond that, spread evenly with the first and the last among them. So a change in the middle of a huge file that
 * leaves its size as it was may go unseen. A folder counts by its files that end in `extension`, names and contents.
 * Throws ERR_IO_READ.
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

/** The same with all that is in subfolders, but for what version control and Python keep for themselves. Throws ERR_IO_READ. */
export async function treeHash(path: string, files: Files = nodeFiles): Promise<string> {
  if (!(await files.stat(path))?.isFolder) return contentsHash(path, '', files);
  const hash = createHash('sha256');
  for (const name of (await files.readdir(path)).filter((each) => !NO_CONTENTS.includes(each))) {
    const inner = join(path, name);
    // A link into nothing is a name alone.
    hash.update(`${name}\0`).update((await files.stat(inner)) ? await treeHash(inner, files) : '');
  }
  return hash.digest('hex');
}

const NO_CONTENTS = ['.git', '__pycache__'];

/** Up to so many first bytes of a file. Throws ERR_IO_READ. */
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
