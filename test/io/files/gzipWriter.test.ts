import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openGzip } from '../../../src/io/files/gzipWriter.js';
import { deriveSeed } from '../../../src/random.js';

/** Half of it repeats. */
const BYTES = Buffer.from(
  Array.from({ length: 60_000 }, (_, at) =>
    at % 2 === 0 ? 'again and again ' : `${deriveSeed(7, 'b', at)}`,
  ).join(''),
);

async function compressed(pieceBytes: number): Promise<{ whole: Buffer; pieces: number }> {
  const pieces: Uint8Array[] = [];
  const gzip = openGzip(async (bytes) => void pieces.push(bytes));
  for (let at = 0; at < BYTES.length; at += pieceBytes) await gzip.write(BYTES.subarray(at, at + pieceBytes));
  await gzip.end();
  return { whole: Buffer.concat(pieces), pieces: pieces.length };
}

test('the bytes are those of the input, handed on as they come, and the same however the input came', async () => {
  const { whole, pieces } = await compressed(BYTES.length);
  assert.ok(gunzipSync(whole).equals(BYTES));
  assert.ok(pieces > 1, `${pieces} pieces`);
  for (const pieceBytes of [700, 65_536, 100_000])
    assert.ok((await compressed(pieceBytes)).whole.equals(whole));
});

test('no input is an empty file', async () => {
  const pieces: Uint8Array[] = [];
  const gzip = openGzip(async (bytes) => void pieces.push(bytes));
  await gzip.end();
  assert.equal(gunzipSync(Buffer.concat(pieces)).length, 0);
});
