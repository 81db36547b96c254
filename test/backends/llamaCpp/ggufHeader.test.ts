import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GGUF_HEADER_BYTES, ggufFault } from '../../../src/backends/llamaCpp/ggufHeader.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

const GOOD = readFileSync(join(PACKAGE_FOLDER, 'models', 'tiny.gguf')).subarray(0, GGUF_HEADER_BYTES);

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(GOOD);
  change(bytes);
  return bytes;
}

test('a model has no fault', () => assert.equal(ggufFault(GOOD), null));

const FAULTS: Record<string, [head: Uint8Array, message: RegExp]> = {
  'an empty file': [Buffer.alloc(0), /an empty file, expected a GGUF model/],
  'another file': [Buffer.from('name: x\n'), /begins with "name: x\\n", expected a GGUF model; safetensors/],
  'a PyTorch checkpoint': [Buffer.from('PK\x03\x04zip'), /PyTorch/],
  'a pointer of Git LFS': [Buffer.from('version https://git-lfs'), /git lfs pull/],
  'letters alone': [GOOD.subarray(0, 4), /ends inside its header, after 4 bytes/],
  'a cut header': [GOOD.subarray(0, 23), /after 23 bytes/],
  'an old version': [changed((bytes) => bytes.writeUInt32LE(1, 4)), /version 1 of GGUF, expected 2 or 3/],
  'a version to come': [changed((bytes) => bytes.writeUInt32LE(9, 4)), /version 9/],
  'the other byte order': [changed((bytes) => bytes.writeUInt32BE(3, 4)), /big-endian/],
  'no tensor': [changed((bytes) => bytes.writeBigUInt64LE(0n, 8)), /names 0 tensors/],
  'impossible metadata': [
    changed((bytes) => bytes.writeBigUInt64LE(2n ** 63n, 16)),
    /9223372036854775808 entries/,
  ],
};

for (const [name, [head, message]] of Object.entries(FAULTS)) {
  test(`${name} is told`, () => assert.match(ggufFault(head) ?? '', message));
}
