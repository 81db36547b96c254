import assert from 'node:assert/strict';
import { test } from 'node:test';
import wasm from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
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

test('the bytes are those of another build of the library, whichever of ours compresses', async () => {
  await loadZstd();
  await wasm.init();
  const words = fc.array(fc.constantFrom('to be', ' or ', 'not', '\n', '7', 'é'), { maxLength: 3000 });
  const inputs = fc.oneof(
    words.map((all) => Buffer.from(all.join(''))),
    fc.uint8Array({ maxLength: 3000 }),
  );
  fc.assert(
    fc.property(inputs, fc.integer({ min: 1, max: 22 }), (input, level) => {
      assert.deepEqual(Buffer.from(compressZstd(input, level)), Buffer.from(wasm.compress(input, level)));
    }),
    { numRuns: 60 },
  );
  const empty = new Uint8Array(0);
  assert.deepEqual(Buffer.from(compressZstd(empty, 3)), Buffer.from(wasm.compress(empty, 3)));
  const large = Buffer.from(Array.from({ length: 300_000 }, (_, at) => `${(at * at) % 9973} `).join(''));
  for (const level of [1, 3, 9])
    assert.deepEqual(
      Buffer.from(compressZstd(large, level)),
      Buffer.from(wasm.compress(large, level)),
      `level ${level}`,
    );
});
