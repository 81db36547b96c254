import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import wabt from 'wabt';
import { PACKAGE_FOLDER } from '../../../../src/io/files/packageFiles.js';
import { KERNEL_BASE64 } from '../../../../src/operators/lib/semantic/kernel.js';

test('kernel.ts holds what wabt makes of kernel.wat; where this fails, put the text that it prints there', async () => {
  const path = join(PACKAGE_FOLDER, 'src/operators/lib/semantic/kernel.wat');
  const module = (await wabt()).parseWat('kernel.wat', readFileSync(path, 'utf8'), { simd: true });
  assert.equal(KERNEL_BASE64, Buffer.from(module.toBinary({}).buffer).toString('base64'));
});
