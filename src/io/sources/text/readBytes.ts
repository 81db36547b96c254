import { ScaleQuestError } from '../../../errors.js';
import type { Files } from '../../files/files.js';
import { compressionOf } from './compression.js';
import { assertText } from './foreignFile.js';

const CHUNK_BYTES = 1 << 20;

/** The bytes of a text file in order, decompressed where they are compressed. Throws ERR_IO_READ, ERR_DATA_INVALID naming the file. */
export async function* readBytes(
  files: Files,
  path: string,
  chunkBytes = CHUNK_BYTES,
): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    const first = await file.read(0, chunkBytes);
    const stored = chunksFrom(file, first, chunkBytes);
    const compression = compressionOf(path, first);
    if (!compression) assertText(path, first);
    else if (first.length === 0) throw emptyFile(path);
    yield* compression ? compression.decompress(stored, path) : stored;
  } finally {
    await file.close();
  }
}

async function* chunksFrom(
  file: Awaited<ReturnType<Files['open']>>,
  first: Uint8Array,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  let chunk = first;
  for (let position = 0; chunk.length > 0; chunk = await file.read(position, chunkBytes)) {
    position += chunk.length;
    yield chunk;
  }
}

/** Even a text of no bytes takes some when it is compressed. */
function emptyFile(file: string): ScaleQuestError {
  const message = 'found no byte, expected a compressed file. Fetch or compress it again.';
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file } });
}
