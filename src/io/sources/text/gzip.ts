import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ScaleQuestError } from '../../../errors.js';
import type { Compression } from './compressionFormat.js';

/** Several members one after the other are one text, as `cat a.gz b.gz` makes them. zlib checks each member's CRC-32 and length. */
export const gzip: Compression = { extension: '.gz', magic: [0x1f, 0x8b], decompress };

/** So large that few pieces are handed on, and so small that what is done with one takes little time. */
const GIVEN_BYTES = 64 << 10;

async function* decompress(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      readBytes += chunk.length;
      yield chunk;
    }
  }
  const stored = Readable.from(counted(), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: GIVEN_BYTES });
  stored.on('error', (error) => gunzip.destroy(error));
  stored.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    throw damaged(file, error);
  } finally {
    stored.destroy();
    gunzip.destroy();
  }
  // zlib takes what follows the last member for padding, and ends without a word.
  if (gunzip.bytesWritten < readBytes) throw trailing(file, readBytes - gunzip.bytesWritten);
}

function damaged(file: string, cause: unknown): unknown {
  if (cause instanceof ScaleQuestError) return cause;
  const why = (cause as Error).message;
  const message = `expected a whole gzip file: ${why}. Fetch or compress the file again; \`gzip -t\` tests it.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file }, cause });
}

function trailing(file: string, bytes: number): ScaleQuestError {
  const message =
    `found ${bytes} bytes after the compressed data that are not gzip, expected the end of the file. ` +
    'Fetch or compress the file again; `gzip -t` tests it.';
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file } });
}
