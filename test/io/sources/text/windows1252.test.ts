import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWindows1252 } from '../../../../src/io/sources/text/windows1252.js';

test('every byte is the character of the standard', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = decodeWindows1252(all);
  assert.equal(text.length, 256);
  assert.equal(text.slice(0, 0x80), String.fromCharCode(...all.subarray(0, 0x80)));
  assert.equal(text.slice(0xa0), String.fromCharCode(...all.subarray(0xa0)));
  const high = text.slice(0x80, 0xa0);
  assert.deepEqual([high[0], high[5], high[0x13], high[0x1f]], ['€', '…', '“', 'Ÿ']);
  assert.deepEqual(
    [...'\x81\x8d\x8f\x90\x9d'].map((each) => high.includes(each)),
    Array(5).fill(true),
  );
  assert.equal(new Set(high).size, 32);
});
