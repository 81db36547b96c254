import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWellFormed, toWellFormed } from '../../src/text/wellFormed.js';

test('half a surrogate pair is told, and replaced', () => {
  for (const text of ['', 'a', '😀', '\u2028', '\0']) assert.ok(isWellFormed(text));
  for (const text of ['\ud83d', 'a\ude00b', '\ude00\ud83d']) assert.ok(!isWellFormed(text));
  assert.equal(toWellFormed('a\ud83d😀'), 'a\ufffd😀');
});
