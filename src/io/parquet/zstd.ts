import zstd from '@bokuweb/zstd-wasm';
import { compressors } from 'hyparquet-compressors';

let loading: Promise<void> | null = null;

/** Await it in each thread before calling the other functions. It starts once: a second start would lose the first one's memory. */
export function loadZstd(): Promise<void> {
  return (loading ??= zstd.init());
}

/** `level`: 1 (fast) to 22 (small). */
export function compressZstd(input: Uint8Array, level: number): Uint8Array {
  return zstd.compress(input, level);
}

/** Takes less than half the time of the decoder in JavaScript, which remains for files of several frames. */
export function decompressZstd(input: Uint8Array, outputBytes: number): Uint8Array {
  try {
    const output = zstd.decompress(input, { defaultHeapSize: outputBytes });
    if (output.length === outputBytes) return output;
  } catch {
    // If something is wrong, the other decoder says what.
  }
  return compressors.ZSTD!(input, outputBytes);
}
