import zstd from '@bokuweb/zstd-wasm';
import { compressors } from 'hyparquet-compressors';

let loading: Promise<void> | null = null;

/**
 * Must have been awaited in the thread before the other functions are called. A second start would lose the
 * first's memory.
 */
export function loadZstd(): Promise<void> {
  return (loading ??= zstd.init());
}

/** `level`: 1 (fast) to 22 (small). */
export function compressZstd(input: Uint8Array, level: number): Uint8Array {
  return zstd.compress(input, level);
}

/**
 * A shard reads in less than half the time that the decoder in JavaScript takes; that one remains for several
 * frames.
 */
export function decompressZstd(input: Uint8Array, outputBytes: number): Uint8Array {
  try {
    const output = zstd.decompress(input, { defaultHeapSize: outputBytes });
    if (output.length === outputBytes) return output;
  } catch {
    // The other decoder says what is wrong, if anything is.
  }
  return compressors.ZSTD!(input, outputBytes);
}
