import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressZstd, decompressZstd, loadZstd } from '../../../src/io/parquet/zstd.js';

test('round trip; loading twice is loading once; several frames; damage is an error', async () => {
  await Promise.all([loadZstd(), loadZstd()]);
  const input = Buffer.from('to be or not to be '.repeat(5000));
  const packed = compressZstd(input, 3);
  assert.ok(packed.length < input.length / 10);
  await loadZstd();
  assert.deepEqual(Buffer.from(decompressZstd(packed, input.length)), input);
  const twice = Buffer.from(decompressZstd(Buffer.concat([packed, packed]), input.length * 2));
  assert.deepEqual(twice, Buffer.concat([input, input]));
  assert.throws(() => decompressZstd(packed.slice(0, 20), input.length));
  assert.equal(decompressZstd(compressZstd(new Uint8Array(0), 1), 0).length, 0);
});
