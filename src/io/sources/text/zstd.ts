import { Damage } from '../../files/damage.js';
import { ScaleQuestError } from '../../../errors.js';
import type { Compression } from './compressionFormat.js';
import { type ZstdPart, splitZstd } from './splitZstd.js';

/** Several frames one after the other are one text. The checksum and the length of each frame are checked where it has them. */
export const zstd: Compression = { extension: '.zst', magic: [0x28, 0xb5, 0x2f, 0xfd], decompress };

async function* decompress(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  // Loaded when a file is read: checking a pipeline does without them.
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import('fzstd'), import('xxhash-wasm')]);
  const { create64 } = await xxhash();
  const open = (): Frame => openFrame((onData) => new Decompress(onData), create64());
  let frame = open();
  try {
    for await (const part of splitZstd(chunks)) {
      if (part.kind === 'end') {
        frame.assertEnd(part);
        frame = open();
        continue;
      }
      for (const bytes of frame.push(part.bytes)) yield bytes;
    }
  } catch (error) {
    throw damaged(file, error);
  }
}

interface Frame {
  push(bytes: Uint8Array): Uint8Array[];
  /** Throws where length or checksum are others than the frame says. */
  assertEnd(end: Extract<ZstdPart, { kind: 'end' }>): void;
}

/** fzstd decodes; it checks neither the checksum nor the length, and would take a frame that is cut off for a shorter one. */
function openFrame(
  openDecoder: (onData: (bytes: Uint8Array) => void) => { push(bytes: Uint8Array): void },
  hash: { update(bytes: Uint8Array): unknown; digest(): bigint },
): Frame {
  let decoded: Uint8Array[] = [];
  let decodedBytes = 0;
  const decoder = openDecoder((bytes) => void decoded.push(bytes));
  return {
    push(bytes) {
      decoded = [];
      decoder.push(bytes);
      for (const each of decoded) {
        hash.update(each);
        decodedBytes += each.length;
      }
      return decoded;
    },
    assertEnd({ contentBytes, checksum }) {
      if (contentBytes !== null && contentBytes !== decodedBytes)
        throw new Damage(`a frame holds ${decodedBytes} bytes, its head says ${contentBytes}`);
      const found = Number(hash.digest() & 0xffff_ffffn);
      if (checksum !== null && checksum !== found) throw new Damage('a checksum is wrong');
    },
  };
}

function damaged(file: string, cause: unknown): unknown {
  if (cause instanceof ScaleQuestError) return cause;
  const why = (cause as Error).message;
  const message = `expected a whole zstd file: ${why}. Fetch or compress the file again; \`zstd -t\` tests it.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file }, cause });
}
