import { hasEnding } from '../../files/dataFiles.js';
import type { Compression } from './compressionFormat.js';
import { gzip } from './gzip.js';
import { zstd } from './zstd.js';

const COMPRESSIONS: readonly Compression[] = [gzip, zstd];

/** Endings of files, each also with the ending of a compression behind it. */
export function withCompressed(extensions: readonly string[]): string[] {
  return extensions.flatMap((plain) => [plain, ...COMPRESSIONS.map(({ extension }) => plain + extension)]);
}

/** How a file is compressed, by its name or its first bytes; null for one that is not. */
export function compressionOf(path: string, head: Uint8Array): Compression | null {
  const found = COMPRESSIONS.find(
    ({ extension, magic }) => hasEnding(path, [extension]) || magic.every((byte, at) => head[at] === byte),
  );
  return found ?? null;
}
