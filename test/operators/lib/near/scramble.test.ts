import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scramble } from '../../../../src/operators/lib/near/scramble.js';

test('a changed bit changes about half of the bits, and no two words become one', () => {
  let changed = 0;
  for (let bit = 0; bit < 32; bit++) {
    const difference = scramble(12345) ^ scramble(12345 ^ (1 << bit));
    for (let at = 0; at < 32; at++) changed += (difference >>> at) & 1;
  }
  assert.ok(Math.abs(changed / 32 - 16) < 2, `${changed / 32} bits`);
  assert.equal(new Set(Array.from({ length: 10_000 }, (_, word) => scramble(word))).size, 10_000);
});
