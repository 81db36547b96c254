import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  KEY_BYTES,
  type Replies,
  joinReplies,
  keyBytes,
  splitReplies,
  textAt,
} from '../../src/store/replies.js';
import { anyReplies, repliesOf } from './anyReplies.js';

function textsOf(replies: Replies): string[] {
  return replies.keys.map((_, at) => textAt(replies, at));
}

test('joined replies have the keys and texts of all parts, in their order', () => {
  fc.assert(
    fc.property(fc.array(anyReplies, { minLength: 1, maxLength: 5 }), (parts) => {
      const joined = joinReplies(parts);
      assert.deepEqual(
        joined.keys,
        parts.flatMap(({ keys }) => keys),
      );
      assert.deepEqual(textsOf(joined), parts.flatMap(textsOf));
    }),
  );
});

test('split replies join to what they were; each piece has its size, and less than twice that and a text', () => {
  fc.assert(
    fc.property(anyReplies, fc.integer({ min: 1, max: 60 }), (replies, pieceBytes) => {
      const pieces = splitReplies(replies, pieceBytes);
      if (replies.keys.length > 0) {
        const { starts: _, ...joined } = joinReplies(pieces);
        const { starts: _own, ...expected } = replies;
        assert.deepEqual(joined, expected);
      }
      for (const piece of pieces) {
        const { length } = piece.texts;
        const longest = Math.max(...piece.keys.map((_, at) => piece.starts[at + 1]! - piece.starts[at]!));
        assert.equal(piece.starts.length, piece.keys.length + 1);
        assert.ok(pieces.length === 1 || length >= pieceBytes, `${length} bytes of at least ${pieceBytes}`);
        assert.ok(length < 2 * pieceBytes + longest, `${length} bytes, the longest text ${longest}`);
      }
    }),
  );
});

test('fewer bytes than two pieces stay one', () => {
  const replies = repliesOf('run', [
    ['a'.repeat(KEY_BYTES), 'x'.repeat(10)],
    ['b'.repeat(KEY_BYTES), 'y'.repeat(9)],
  ]);
  assert.equal(splitReplies(replies, 10).length, 1);
  assert.equal(splitReplies(replies, 9).length, 2);
});

test('a key is written byte by byte, also those above 127', () => {
  const key = '\u0000\u00ffabcdefghijklmn';
  assert.equal(keyBytes(key).toString('hex'), '00ff' + Buffer.from('abcdefghijklmn').toString('hex'));
});
