import { Damage } from '../../files/damage.js';

/** A piece of a frame, or what stands at its end. */
export type ZstdPart =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'end'; contentBytes: number | null; checksum: number | null };

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
/** What `zstd --long` asks for at most without further flags; a decoder must hold so much in memory. */
const WINDOW_BYTES_MAX = 128 << 20;
const HEAD_BYTES_MAX = 18;
/** The decoder waits until it has so many bytes; shorter frames are filled up behind their end, where it no longer reads. */
const FRAME_BYTES_MIN = 18;

/**
 * Finds the frames in zstd-compressed bytes by the lengths of their blocks (RFC 8878), without decoding. Gives the bytes of each
 * frame in pieces, each a head or a block, and then its end. Throws an Error that says what is wrong.
 */
export async function* splitZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdPart> {
  const input = byteInput(chunks);
  while (await input.has(1)) {
    if (!(await input.has(4))) throw new Damage('the last frame is cut off');
    const magic = uint32(input.peek(4));
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      await needed(input, 8);
      await skip(input, uint32(input.take(8).subarray(4)));
    } else if (magic === FRAME_MAGIC) yield* frameParts(input);
    else throw new Damage('what follows a frame is no frame');
  }
}

async function* frameParts(input: ByteInput): AsyncGenerator<ZstdPart> {
  await needed(input, 6);
  // A frame of 6 bytes and more may be shorter than the longest head.
  await input.has(HEAD_BYTES_MAX);
  const { headBytes, contentBytes, hasChecksum } = readHead(input.peek(HEAD_BYTES_MAX));
  await needed(input, headBytes);
  let frameBytes = headBytes;
  yield { kind: 'bytes', bytes: input.take(headBytes) };
  for (let isLast = false; !isLast;) {
    await needed(input, 3);
    const [a, b, c] = input.peek(3) as unknown as [number, number, number];
    const head = a | (b << 8) | (c << 16);
    isLast = (head & 1) === 1;
    const type = (head >> 1) & 3;
    if (type === 3) throw new Damage('a block is of an unknown kind');
    const size = 3 + (type === 1 ? 1 : head >> 3);
    if (head >> 3 > 1 << 17) throw new Damage('a block is longer than 128 KiB');
    await needed(input, size);
    frameBytes += size;
    yield { kind: 'bytes', bytes: input.take(size) };
  }
  if (hasChecksum) await needed(input, 4);
  const checksum = hasChecksum ? uint32(input.take(4)) : null;
  const fill = new Uint8Array(Math.max(0, FRAME_BYTES_MIN - frameBytes) + (hasChecksum ? 4 : 0));
  if (fill.length > 0) yield { kind: 'bytes', bytes: fill };
  yield { kind: 'end', contentBytes, checksum };
}

/** The head of a frame, RFC 8878, 3.1.1.1. */
function readHead(bytes: Uint8Array): {
  headBytes: number;
  contentBytes: number | null;
  hasChecksum: boolean;
} {
  const flags = bytes[4]!;
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeFlag = flags >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag;
  const dictionaryAt = isSingle ? 5 : 6;
  const sizeAt = dictionaryAt + dictionaryBytes;
  if ((flags & 8) !== 0) throw new Damage('a reserved bit of a head is set');
  const isPlain = bytes.subarray(dictionaryAt, sizeAt).every((byte) => byte === 0);
  if (!isPlain) throw new Damage('it was compressed with a dictionary, which is not read');
  const contentBytes = sizeBytes === 0 ? null : sizeOf(bytes.subarray(sizeAt, sizeAt + sizeBytes));
  const windowBytes = isSingle ? contentBytes! : windowOf(bytes[5]!);
  if (windowBytes > WINDOW_BYTES_MAX)
    throw new Damage(
      `a frame asks for ${windowBytes} bytes of memory, at most ${WINDOW_BYTES_MAX} are given`,
    );
  return { headBytes: sizeAt + sizeBytes, contentBytes, hasChecksum: (flags & 4) !== 0 };
}

function sizeOf(bytes: Uint8Array): number {
  const size = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return bytes.length === 2 ? size + 256 : size;
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function uint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

async function needed(input: ByteInput, count: number): Promise<void> {
  if (!(await input.has(count))) throw new Damage('the last frame is cut off');
}

async function skip(input: ByteInput, count: number): Promise<void> {
  for (let left = count; left > 0;) {
    await needed(input, 1);
    left -= input.take(Math.min(left, input.ready())).length;
  }
}

interface ByteInput {
  /** Reads on until so many bytes are there; false if there are fewer. */
  has(count: number): Promise<boolean>;
  ready(): number;
  /** At most so many bytes. */
  peek(count: number): Uint8Array;
  take(count: number): Uint8Array;
}

function byteInput(chunks: AsyncIterable<Uint8Array>): ByteInput {
  const source = chunks[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  return {
    async has(count) {
      while (held.length < count) {
        const next = await source.next();
        if (next.done) return false;
        held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
      }
      return true;
    },
    ready: () => held.length,
    peek: (count) => held.subarray(0, count),
    take(count) {
      const taken = held.subarray(0, count);
      held = held.subarray(count);
      return taken;
    },
  };
}
