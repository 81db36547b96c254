import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { gzip } from '../../../../src/io/sources/text/gzip.js';
import { chunksOf, collect } from '../../../helpers/texts/chunks.js';

async function read(bytes: Uint8Array, chunkBytes = 7): Promise<string> {
  return Buffer.concat(await collect(gzip.decompress(chunksOf(bytes, chunkBytes), 'a.gz'))).toString();
}

test('members one after the other are one text, in chunks of any size', async () => {
  const members = Buffer.concat([gzipSync('one\n'), gzipSync(''), gzipSync('two\n')]);
  for (const chunkBytes of [1, 7, 20, 1000]) assert.equal(await read(members, chunkBytes), 'one\ntwo\n');
});

test('what is cut off, damaged, or followed by other bytes is refused by the name of the file', async () => {
  const whole = gzipSync('some text, some text');
  const flipped = Uint8Array.from(whole);
  flipped[whole.length - 6]! ^= 1;
  const second = Buffer.concat([
    whole,
    Uint8Array.from(gzipSync('more'), (byte, at) => (at === 0 ? 0 : byte)),
  ]);
  for (const bytes of [whole.subarray(0, -3), flipped, second, Buffer.from('no gzip at all')])
    await assert.rejects(read(bytes), { code: 'ERR_DATA_INVALID', message: /^a\.gz: .*gzip/ });
});
