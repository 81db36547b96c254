import { gzip } from './gzip.js';
import { zstd } from './zstd.js';

/** One way in which text files are compressed: one file, and one line below. */
export interface Compression {
  /** How names of its files end, with the dot, after the ending of the format. */
  extension: string;
  /** The first bytes of every such file. */
  magic: readonly number[];
  /** Gives the bytes in order. Throws ERR_DATA_INVALID naming the file for bytes that are damaged, cut off or followed by others. */
  decompress(chunks: AsyncIterable<Uint8Array>, file: string): AsyncIterable<Uint8Array>;
}

const COMPRESSIONS: readonly Compression[] = [gzip, zstd];

/** Endings of files, each also with the ending of a compression behind it. */
export function withCompressed(extensions: readonly string[]): string[] {
  return extensions.flatMap((plain) => [plain, ...COMPRESSIONS.map(({ extension }) => plain + extension)]);
}

/** How a file is compressed, by its name or its first bytes; null for one that is not. */
export function compressionOf(path: string, head: Uint8Array): Compression | null {
  const found = COMPRESSIONS.find(
    ({ extension, magic }) => path.endsWith(extension) || magic.every((byte, at) => head[at] === byte),
  );
  return found ?? null;
}
