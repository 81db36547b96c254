import { constants, createDeflateRaw, inflateRawSync } from 'node:zlib';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { KEY_BYTES, type Replies } from './replies.js';

/**
 * A block: many replies in one record of the database. Its bytes are
 *   codec (1 byte: 0 raw, 1 deflate) · 3 zero bytes · xxh64 of all that follows (8) · number of replies (uint32) · bytes of the
 *   unpacked texts (uint32) · bytes of the run's name (uint16) · the name · for each reply its key (16) and the bytes of its
 *   text (uint32) · the texts, one after the other, packed by the codec.
 * Numbers are little-endian. The database has no checksums of its own, so each block carries one.
 *
 * Deflate and not zstd: at their fastest levels both pack to about a sixth, and the native one costs less than zstd in
 * WebAssembly (`npm run bench:store`).
 */

/** The part of a block that is read without unpacking its texts. */
export type BlockHead = Pick<Replies, 'run' | 'keys' | 'starts'>;

export interface BlockCodec {
  /** A raw block. */
  encode(replies: Replies): Buffer;
  /** A deflated block, or a raw one where that is not larger. */
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

/** The empty last block of a deflate stream. */
const DEFLATE_END = Buffer.from([3, 0]);
const NOTHING = Buffer.alloc(0);
/** Larger than any block, so that a write never waits for a read. */
const DEFLATED_BYTES_MAX = 2 ** 31;

/**
 * Packs one buffer after the other. Each can be unpacked alone, because a full flush ends all references to earlier bytes. All
 * share one stream: its quarter of a MiB, allocated for each block, would start a garbage collection every few thousand replies.
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
        // An empty text gives no bytes to read.
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

/** The head of a block; null unless its checksum and lengths are right. */
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

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
