import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUtf16, utf16Cut } from '../../../../src/io/sources/text/utf16.js';

test('both orders; half a pair and half a unit are no text', () => {
  const little = Buffer.from('aé😀', 'utf16le');
  assert.equal(decodeUtf16('le').decode(little), 'aé😀');
  assert.equal(decodeUtf16('be').decode(Buffer.from(little).swap16()), 'aé😀');
  const { decode, decodeLeniently } = decodeUtf16('le');
  for (const bytes of [Buffer.from('x\ud83d', 'utf16le'), Uint8Array.of(0x61, 0, 0x62)]) {
    assert.throws(() => decode(bytes));
    assert.match(decodeLeniently(bytes), /^[ax]\ufffd$/);
  }
});

test('the cut leaves half a unit and the first of a pair out', () => {
  const bytes = Buffer.from('a😀', 'utf16le');
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((end) => utf16Cut('le')(bytes.subarray(0, end))),
    [0, 0, 2, 2, 2, 2, 6],
  );
});
