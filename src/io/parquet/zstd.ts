import * as zlib from 'node:zlib';
import zstd from '@bokuweb/zstd-wasm';
import { compressors } from 'hyparquet-compressors';

let loading: Promise<void> | null = null;

/** Await it in each thread before calling the other functions. It starts once: a second start would lose the first one's memory. */
export function loadZstd(): Promise<void> {
  return (loading ??= zstd.init());
}

/** `level`: 1 (fast) to 22 (small). The same bytes on every machine. */
export function compressZstd(input: Uint8Array, level: number): Uint8Array {
  return nativeZstd ? compressNative(nativeZstd, input, level) : zstd.compress(input, level);
}

/** What Node has from 22.15 on. The types that we compile with are of Node 20. */
interface NativeZstd {
  zstdCompressSync(input: Uint8Array, options: object): Uint8Array;
  constants: { ZSTD_c_compressionLevel: number };
}

/** Of the library in WebAssembly. Another version may make other bytes of the same rows. */
const ZSTD_VERSION = '1.5.7';

/** The library that Node is built with, where it is the same one: 0.6 times the CPU of that in WebAssembly, and its bytes. */
const nativeZstd =
  process.versions['zstd'] === ZSTD_VERSION && 'zstdCompressSync' in zlib
    ? (zlib as unknown as NativeZstd)
    : null;

function compressNative(native: NativeZstd, input: Uint8Array, level: number): Uint8Array {
  return native.zstdCompressSync(input, {
    // As much as may come out, and how much goes in: without them it compresses as a stream, to other bytes.
    chunkSize: Math.max(MIN_BYTES, input.length + (input.length >> 7)),
    pledgedSrcSize: input.length,
    params: { [native.constants.ZSTD_c_compressionLevel]: level },
  });
}

const MIN_BYTES = 1024;

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
