import { readFile } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import { compressors } from 'hyparquet-compressors';
import { ScaleQuestError } from '../../errors.js';

/** What zstd.wasm exports. Addresses and lengths are bytes of its memory; an address of 0 says that there was no room. */
interface Library {
  memory: { buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  free(address: number): void;
  ZSTD_createCCtx(): number;
  ZSTD_createDCtx(): number;
  ZSTD_compressBound(bytes: number): number;
  ZSTD_compressCCtx(
    context: number,
    to: number,
    room: number,
    from: number,
    bytes: number,
    level: number,
  ): number;
  ZSTD_decompressDCtx(context: number, to: number, room: number, from: number, bytes: number): number;
  ZSTD_isError(result: number): number;
}

/** The part of WebAssembly that is used; its types come with those of browsers alone. */
interface Assembly {
  instantiate(bytes: Uint8Array): Promise<{ instance: { exports: Library } }>;
}

const assembly = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;

interface Loaded {
  library: Library;
  /** Each is used for one call after the other. */
  compressing: number;
  decompressing: number;
}

/** The library of ZSTD_VERSION, made for speed by scripts/zstd/build.sh. Half the CPU of builds that are made small. */
const FILE = new URL('./zstd.wasm', import.meta.url);

let loading: Promise<void> | null = null;
let loaded: Loaded | null = null;

/** Await it in each thread before calling the other functions. It starts once. */
export function loadZstd(): Promise<void> {
  return (loading ??= load());
}

async function load(): Promise<void> {
  const { instance } = await assembly.instantiate(await readFile(FILE));
  const library = instance.exports;
  library._initialize();
  loaded = { library, compressing: library.ZSTD_createCCtx(), decompressing: library.ZSTD_createDCtx() };
}

/** `level`: 1 (fast) to 22 (small). The same bytes on every machine. */
export function compressZstd(input: Uint8Array, level: number): Uint8Array {
  if (nativeZstd) return compressNative(nativeZstd, input, level);
  const { library, compressing } = libraryOf();
  const room = library.ZSTD_compressBound(input.length);
  return called(library, input, room, (to, from) =>
    library.ZSTD_compressCCtx(compressing, to, room, from, input.length, level),
  );
}

/** What Node has from 22.15 on. The types that we compile with are of Node 20. */
interface NativeZstd {
  zstdCompressSync(input: Uint8Array, options: object): Uint8Array;
  constants: { ZSTD_c_compressionLevel: number };
}

/** Of the library in WebAssembly. Another version may make other bytes of the same rows. */
const ZSTD_VERSION = '1.5.7';

/** The library that Node is built with, where it is the same one: less CPU than in WebAssembly, and its bytes. */
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

/** Takes less than half the time of the decoder in JavaScript, which says what is wrong with damaged bytes. */
export function decompressZstd(input: Uint8Array, outputBytes: number): Uint8Array {
  const { library, decompressing } = libraryOf();
  try {
    const output = called(library, input, outputBytes, (to, from) =>
      library.ZSTD_decompressDCtx(decompressing, to, outputBytes, from, input.length),
    );
    if (output.length === outputBytes) return output;
  } catch {
    // If something is wrong, the other decoder says what.
  }
  return compressors.ZSTD!(input, outputBytes);
}

function libraryOf(): Loaded {
  if (!loaded) throw new ScaleQuestError('ERR_INVARIANT', 'zstd is not loaded, expected loadZstd first');
  return loaded;
}

/** What a call writes into `room` bytes, of an input that it finds in the library's memory. */
function called(
  library: Library,
  input: Uint8Array,
  room: number,
  call: (to: number, from: number) => number,
): Uint8Array {
  const [from, to] = [library.malloc(input.length) >>> 0, library.malloc(room) >>> 0];
  try {
    // Memory that has grown has another buffer.
    if (from !== 0 && to !== 0) new Uint8Array(library.memory.buffer).set(input, from);
    const bytes = from !== 0 && to !== 0 ? call(to, from) : 0;
    if (bytes === 0 || library.ZSTD_isError(bytes) !== 0) {
      throw new ScaleQuestError(
        'ERR_INVARIANT',
        `zstd cannot take ${input.length} bytes with room for ${room}: ` +
          'use smaller row groups if it is short of memory',
      );
    }
    return new Uint8Array(library.memory.buffer, to, bytes).slice();
  } finally {
    library.free(from);
    library.free(to);
  }
}
