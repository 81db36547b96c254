import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tooLong } from '../../../../src/io/sources/text/records.js';

test('what is too long says how to read it all the same', () => {
  assert.match(tooLong(1024), /^found more than 1024 bytes .* lineBytesMax/);
});
