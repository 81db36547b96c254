import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../src/errors.js';
import {
  KEY_CHARS,
  createMessageReader,
  decodeMessage,
  encodeMessage,
  keysBody,
  keysIn,
  textsBody,
  textsIn,
} from '../../src/workers/messages.js';

const MESSAGES = [
  { kind: 'alive' },
  { kind: 'unit', id: 7, body: Uint8Array.from({ length: 1000 }, (_, at) => at % 256) },
  { kind: 'refused', message: 'größer “x”' },
];

function readIn(bytes: Buffer, pieceBytes: number): Buffer[] {
  const found: Buffer[] = [];
  const take = createMessageReader((message) => found.push(message));
  for (let at = 0; at < bytes.length; at += pieceBytes) take(bytes.subarray(at, at + pieceBytes));
  return found;
}

test('messages come back whole, however the socket cuts them, each body at a multiple of eight', () => {
  const bytes = Buffer.concat(MESSAGES.map(encodeMessage));
  for (const pieceBytes of [1, 3, 7, 64, bytes.length]) {
    const found = readIn(bytes, pieceBytes).map((each) => decodeMessage<(typeof MESSAGES)[number]>(each));
    for (const [at, { body, ...head }] of found.entries()) {
      const { body: sent = new Uint8Array(), ...sentHead } = MESSAGES[at]!;
      assert.deepEqual(head, sentHead);
      assert.deepEqual(Uint8Array.from(body!), sent);
      assert.equal(body!.byteOffset % 8, 0);
    }
    assert.equal(found.length, MESSAGES.length);
  }
});

test('what is no message is refused, not waited for', () => {
  const isRefused = (error: unknown): boolean =>
    error instanceof ScaleQuestError && error.code === 'ERR_WORKER_REFUSED';
  assert.throws(() => readIn(Buffer.from([255, 255, 255, 255]), 4), isRefused);
  assert.throws(() => readIn(Buffer.from([1, 0, 0, 0]), 4), isRefused);
});

test('keys of any bytes and texts of any characters come back; a text may be missing', () => {
  const keys = [0, 100, 240].map((from) =>
    String.fromCharCode(...Array.from({ length: KEY_CHARS }, (_, at) => from + at)),
  );
  const texts = ['', 'größer', null, '[1]'];
  const { bytes, body } = textsBody(texts);
  const all = Buffer.concat([keysBody(keys), body]);
  assert.deepEqual(keysIn(all, keys.length), keys);
  assert.deepEqual(keysIn(keysBody(keys)), keys);
  assert.deepEqual(textsIn(all, bytes, keys.length * KEY_CHARS), texts);
});
