import { constants, createDeflateRaw, inflateRawSync } from 'node:zlib';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';

/**
 * Replies as the store keeps them: many in one record. A block is
 *   codec (1 byte: 0 raw, 1 deflate) · 3 bytes of zero · xxh64 of all that follows (8) · replies (uint32) · bytes of the
 *   texts unpacked (uint32) · bytes of the run's name (uint16) · the name · for each reply its key (16) and its text's bytes
 *   (uint32) · the texts, one behind the other, packed by the codec.
 * Numbers are little-endian. The database has no checksums of its own, so each block carries one.
 *
 * Deflate and not zstd: at their fastest levels both pack to about a sixth, and the native one costs less than zstd in
 * WebAssembly (`npm run bench:store`).
 */

/** Bytes of a reply's key; in memory it is a string of as many characters of 0-255. */
export const KEY_BYTES = 16;

/** Replies of one run; `texts` has them one behind the other. */
export interface Replies {
  run: string;
  keys: readonly string[];
  /** Where each text begins in `texts`; one more for the end. */
  starts: readonly number[];
  texts: Buffer;
}

/** What can be said of a block without unpacking its texts. */
export type BlockHead = Pick<Replies, 'run' | 'keys' | 'starts'>;

export interface BlockCodec {
  encode(replies: Replies): Buffer;
  /** The same, smaller. */
  encodePacked(replies: Replies): Promise<Buffer>;
  /** Null for bytes that are not a whole, undamaged block. */
  decode(bytes: Uint8Array): Replies | null;
  decodeHead(bytes: Uint8Array): BlockHead | null;
}

const RAW = 0;
const DEFLATE = 1;
const HEAD_BYTES = 22;
const ENTRY_BYTES = KEY_BYTES + 4;

export async function createBlockCodec(): Promise<BlockCodec> {
  const hash = await xxhash();
  const deflate = createDeflate();
  return {
    encode: (replies) => encode(hash, replies, RAW, replies.texts),
    async encodePacked(replies) {
      const packed = await deflate(replies.texts);
      const isSmaller = packed.length < replies.texts.length;
      return isSmaller ? encode(hash, replies, DEFLATE, packed) : encode(hash, replies, RAW, replies.texts);
    },
    decode: (bytes) => decode(hash, asBuffer(bytes)),
    decodeHead: (bytes) => readHead(hash, asBuffer(bytes))?.head ?? null,
  };
}

/** An empty block that says that it is the last. */
const DEFLATE_END = Buffer.from([3, 0]);
const NOTHING = Buffer.alloc(0);
/** More than a block takes, so that it is never waited for that somebody reads. */
const DEFLATED_BYTES_MAX = 2 ** 31;

/**
 * Packs one buffer after the other, each for itself: after a full flush nothing refers to what came before. One stream for all,
 * since its quarter of a MiB, made for each block anew, would have the garbage collected every few thousand replies.
 */
function createDeflate(): (bytes: Buffer) => Promise<Buffer> {
  const stream = createDeflateRaw({
    ...{ level: 1, flush: constants.Z_FULL_FLUSH, chunkSize: 64 << 10 },
    ...{ readableHighWaterMark: DEFLATED_BYTES_MAX },
  });
  let tail: Promise<unknown> = Promise.resolve();

  function deflate(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        // Of nothing comes nothing.
        else resolve(Buffer.concat([(stream.read() as Buffer | null) ?? NOTHING, DEFLATE_END]));
      });
    });
  }

  return (bytes) => {
    const packed = tail.then(() => deflate(bytes));
    tail = packed.catch(() => {});
    return packed;
  };
}

function encode(hash: XXHashAPI, { run, keys, starts, texts }: Replies, codec: number, body: Buffer): Buffer {
  const name = Buffer.from(run);
  const tableAt = HEAD_BYTES + name.length;
  const bodyAt = tableAt + keys.length * ENTRY_BYTES;
  const block = Buffer.allocUnsafeSlow(bodyAt + body.length);
  block.fill(0, 0, HEAD_BYTES);
  block[0] = codec;
  block.writeUInt32LE(keys.length, 12);
  block.writeUInt32LE(texts.length, 16);
  block.writeUInt16LE(name.length, 20);
  name.copy(block, HEAD_BYTES);
  for (let at = 0; at < keys.length; at++) {
    const offset = tableAt + at * ENTRY_BYTES;
    block.write(keys[at]!, offset, KEY_BYTES, 'latin1');
    block.writeUInt32LE(starts[at + 1]! - starts[at]!, offset + KEY_BYTES);
  }
  body.copy(block, bodyAt);
  block.writeBigUInt64LE(hash.h64Raw(block.subarray(12)), 4);
  return block;
}

function decode(hash: XXHashAPI, bytes: Buffer): Replies | null {
  const read = readHead(hash, bytes);
  if (!read) return null;
  const { head, textBytes, bodyAt } = read;
  const packed = bytes.subarray(bodyAt);
  try {
    // A raw body is copied: the database may hand out memory that it reuses.
    const texts = bytes[0] === DEFLATE ? inflate(packed, textBytes) : Buffer.from(packed);
    return texts.length === textBytes ? { ...head, texts } : null;
  } catch {
    return null;
  }
}

function inflate(packed: Buffer, textBytes: number): Buffer {
  return inflateRawSync(packed, { maxOutputLength: textBytes + 1, chunkSize: Math.max(64, textBytes + 1) });
}

/** The head of a block whose checksum and lengths are right. */
function readHead(
  hash: XXHashAPI,
  bytes: Buffer,
): { head: BlockHead; textBytes: number; bodyAt: number } | null {
  if (bytes.length < HEAD_BYTES || bytes[0]! > DEFLATE) return null;
  if (hash.h64Raw(bytes.subarray(12)) !== bytes.readBigUInt64LE(4)) return null;
  const tableAt = HEAD_BYTES + bytes.readUInt16LE(20);
  const bodyAt = tableAt + bytes.readUInt32LE(12) * ENTRY_BYTES;
  if (bytes.length < bodyAt) return null;
  const keys: string[] = [];
  const starts = [0];
  let end = 0;
  for (let at = tableAt; at < bodyAt; at += ENTRY_BYTES) {
    keys.push(bytes.toString('latin1', at, at + KEY_BYTES));
    starts.push((end += bytes.readUInt32LE(at + KEY_BYTES)));
  }
  const textBytes = bytes.readUInt32LE(16);
  if (end !== textBytes) return null;
  return { head: { run: bytes.toString('utf8', HEAD_BYTES, tableAt), keys, starts }, textBytes, bodyAt };
}

/** Several blocks of one run as one. */
export function joinReplies(parts: readonly Replies[]): Replies {
  const starts = [0];
  for (const { starts: own } of parts) {
    const before = starts.at(-1)!;
    for (let at = 1; at < own.length; at++) starts.push(before + own[at]!);
  }
  const keys = parts.flatMap((part) => part.keys);
  return { run: parts[0]!.run, keys, starts, texts: Buffer.concat(parts.map(({ texts }) => texts)) };
}

/** Pieces of at least `pieceBytes` of texts, and less than twice that and a text; one piece where there is less. */
export function cutReplies({ run, keys, starts, texts }: Replies, pieceBytes: number): Replies[] {
  const pieces: Replies[] = [];
  let first = 0;
  for (let next = 1; next <= keys.length; next++) {
    const base = starts[first]!;
    const isPiece = starts[next]! - base >= pieceBytes && texts.length - starts[next]! >= pieceBytes;
    if (!isPiece && next < keys.length) continue;
    pieces.push({
      ...{ run, keys: keys.slice(first, next), texts: texts.subarray(base, starts[next]) },
      starts: starts.slice(first, next + 1).map((start) => start - base),
    });
    first = next;
  }
  return pieces;
}

export function textAt({ starts, texts }: Pick<Replies, 'starts' | 'texts'>, at: number): string {
  return texts.toString('utf8', starts[at]!, starts[at + 1]!);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
