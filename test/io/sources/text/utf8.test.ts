import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUtf8, utf8Cut } from '../../../../src/io/sources/text/utf8.js';

test('a character at the end that is not whole is left out; bytes that begin none stay', () => {
  const cut = (...bytes: number[]): number => utf8Cut(Uint8Array.from(bytes));
  assert.equal(cut(), 0);
  assert.equal(cut(0x61), 1);
  assert.equal(cut(0x61, 0xc3), 1);
  assert.equal(cut(0xc3, 0xa9), 2);
  assert.equal(cut(0xe2, 0x82), 0);
  assert.equal(cut(0xf0, 0x9f, 0x98), 0);
  assert.equal(cut(0xf0, 0x9f, 0x98, 0x80), 4);
  assert.equal(cut(0x80, 0x80, 0x80, 0x80), 4);
});

test('a byte order mark stays, bytes that are no text throw', () => {
  assert.equal(decodeUtf8.decode(Buffer.from('\ufeffa')), '\ufeffa');
  assert.throws(() => decodeUtf8.decode(Uint8Array.of(0xe9)));
  assert.throws(() => decodeUtf8.decode(Uint8Array.of(0xed, 0xa0, 0x80)));
  assert.equal(decodeUtf8.decodeLeniently(Uint8Array.of(0x61, 0xe9)), 'a\ufffd');
});
