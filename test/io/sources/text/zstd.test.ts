import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { compressZstd, loadZstd } from '../../../../src/io/parquet/zstd.js';
import { zstd } from '../../../../src/io/sources/text/zstd.js';
import { chunksOf, collect } from '../../../helpers/texts/chunks.js';

before(() => loadZstd());

async function read(bytes: Uint8Array, chunkBytes = 5): Promise<string> {
  return Buffer.concat(await collect(zstd.decompress(chunksOf(bytes, chunkBytes), 'a.zst'))).toString();
}

/** Written by the reference implementation (python-zstandard 0.25): with a checksum, with neither length nor window of its own. */
const CHECKSUM = Buffer.from('KLUv/WSQAI0AAFB7InEiOiJhIn0KAQCDVQsSN/+AQA==', 'base64');
const STREAMED = Buffer.from('KLUv/QRYhQAAUHsicSI6ImIifQoBAKULEiVa6hI=', 'base64');
const SKIPPED = Buffer.from('UCpNGAMAAABhYmM=', 'base64');
const EMPTY = Buffer.from('KLUv/SAAAQAA', 'base64');
const TINY = Buffer.from('KLUv/SABCQAAeA==', 'base64');
/** Asks for a window of 256 MiB. */
const WIDE = Buffer.from('KLUv/QCQTQAAGGFiYwEAgm4I', 'base64');

test('frames of every kind, one after the other, are one text, in chunks of any size', async () => {
  const frames = Buffer.concat([CHECKSUM, SKIPPED, EMPTY, TINY, STREAMED, SKIPPED]);
  const text = `${'{"q":"a"}\n'.repeat(40)}x${'{"q":"b"}\n'.repeat(3)}`;
  for (const chunkBytes of [1, 5, 64, 1000]) assert.equal(await read(frames, chunkBytes), text);
  assert.equal(await read(new Uint8Array(0)), '');
});

test('a text of many blocks', async () => {
  const text = Array.from({ length: 60_000 }, (_, at) => `{"question":"row ${at * 7919}"}\n`).join('');
  assert.equal(await read(compressZstd(Buffer.from(text), 3), 1 << 16), text);
});

test('a frame that is cut off is refused wherever it is cut; so is another text or checksum', async () => {
  for (let end = 1; end < CHECKSUM.length; end++)
    await assert.rejects(read(CHECKSUM.subarray(0, end)), { code: 'ERR_DATA_INVALID' }, `cut at ${end}`);
  for (let at = 0; at < STREAMED.length * 8; at++) {
    const flipped = Uint8Array.from(STREAMED);
    flipped[at >> 3]! ^= 1 << (at & 7);
    const found = await read(flipped).catch((error: { code?: string }) => error.code);
    // A window may be larger than it need be.
    assert.ok(found === 'ERR_DATA_INVALID' || found === '{"q":"b"}\n'.repeat(3), `bit ${at}: ${found}`);
  }
});

test('it says what is wrong', async () => {
  await assert.rejects(read(WIDE), /^ScaleQuestError: a\.zst: .*asks for 268435456 bytes of memory/);
  await assert.rejects(read(Buffer.concat([TINY, Buffer.from('more')])), /what follows a frame is no frame/);
  const wrong = Uint8Array.from(CHECKSUM, (byte, at) => (at === CHECKSUM.length - 1 ? byte ^ 1 : byte));
  await assert.rejects(read(wrong), /a checksum is wrong/);
});
