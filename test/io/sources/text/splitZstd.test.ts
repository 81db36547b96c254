import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitZstd } from '../../../../src/io/sources/text/splitZstd.js';
import { chunksOf, collect } from '../../../helpers/texts/chunks.js';

test('a frame is its head, its blocks and its end; a frame that is skipped is nothing', async () => {
  // A head that says one byte, a raw block of one byte, twice; between them a frame that is skipped.
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 0x78];
  const skipped = [0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7];
  const bytes = Uint8Array.from([...frame, ...skipped, ...frame]);
  for (const chunkBytes of [1, 3, 100]) {
    const parts = await collect(splitZstd(chunksOf(bytes, chunkBytes)));
    const kinds = parts.map((part) => (part.kind === 'end' ? part.contentBytes : part.bytes.length));
    // The fill behind a short frame makes a decoder read it.
    assert.deepEqual(kinds, [6, 4, 8, 1, 6, 4, 8, 1]);
  }
});

test('a block of a kind that does not exist, a dictionary and a reserved bit are refused', async () => {
  const split = (...bytes: number[]): Promise<unknown> =>
    collect(splitZstd(chunksOf(Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes]), 100)));
  await assert.rejects(split(0x20, 1, 0x0f, 0, 0, 1), /of an unknown kind/);
  await assert.rejects(split(0x21, 5, 1, 9, 0, 0, 0x78), /compressed with a dictionary/);
  await assert.rejects(split(0x28, 1, 9, 0, 0, 0x78), /reserved bit/);
  await assert.rejects(split(0x20, 1, 9, 0, 0), /cut off/);
});
