import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Files } from '../io/files/files.js';
import { type ByteRange, rangeOf } from './byteRange.js';

const PIECE_BYTES = 1 << 18;

/**
 * Answers with a file of the run folder or a part of it. The caller has looked `file` up in the manifest: no other name gets here.
 * What it sends waits for the one who reads it, so that little is held.
 */
export async function sendFile(
  files: Files,
  folder: string,
  file: string,
  { header, isHead }: { header: string | undefined; isHead: boolean },
  response: ServerResponse,
): Promise<void> {
  const path = join(folder, file);
  const size = (await files.stat(path))?.sizeBytes ?? 0;
  const range = rangeOf(header, size);
  const base = {
    'content-type': 'application/vnd.apache.parquet',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
  };
  if (range === null) {
    response.writeHead(416, { ...base, 'content-range': `bytes */${size}` }).end();
    return;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: size } : range;
  const partly = range === 'whole' ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` };
  response.writeHead(range === 'whole' ? 200 : 206, { ...base, ...partly, 'content-length': end - start });
  if (isHead) return void response.end();
  await sendBytes(files, path, { start, end }, response);
}

async function sendBytes(
  files: Files,
  path: string,
  { start, end }: ByteRange,
  response: ServerResponse,
): Promise<void> {
  const open = await files.open(path, 'read');
  try {
    for (let at = start; at < end && !response.destroyed;) {
      const bytes = await open.read(at, Math.min(PIECE_BYTES, end - at));
      if (bytes.length === 0) return void response.destroy();
      at += bytes.length;
      // Who left while the piece was read has been told already: a wait for that would never end, and the file stay open.
      if (!response.write(bytes) && !response.destroyed) await drained(response);
    }
    response.end();
  } finally {
    await open.close();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
