import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTiles } from '../../src/flow/batch.js';
import { plainBatch } from './batches.js';

test('a batch that begins where the last one ended passes, an empty one too', () => {
  assertTiles(3, plainBatch(3, 5), 'here');
  assertTiles(3, plainBatch(3, 3), 'here');
});

test('a gap, an overlap and a range that runs backwards name the place and both positions', () => {
  for (const batch of [plainBatch(4, 5), plainBatch(2, 5), { ...plainBatch(3, 3), hi: 2 }]) {
    assert.throws(() => assertTiles(3, batch, 'the sink'), {
      code: 'ERR_INVARIANT',
      message: new RegExp(`the sink received positions \\[${batch.lo}, ${batch.hi}\\), expected .* at 3`),
    });
  }
});
