/** One way in which text files are compressed: one file, and one line in compression.ts. */
export interface Compression {
  /** How names of its files end, with the dot, after the ending of the format. */
  extension: string;
  /** The first bytes of every such file. */
  magic: readonly number[];
  /** Gives the bytes in order. Throws ERR_DATA_INVALID naming the file for bytes that are damaged, cut off or followed by others. */
  decompress(chunks: AsyncIterable<Uint8Array>, file: string): AsyncIterable<Uint8Array>;
}
