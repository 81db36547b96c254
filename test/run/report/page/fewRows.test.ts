import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fewRows } from '../../../../src/run/report/page/fewRows.js';

test('those of the smallest hashes, in whatever order they come', () => {
  const hashes = [0.5, 0.1, 0.9, 0.3, 0.7, 0.2];
  for (const order of [hashes, hashes.toReversed()]) {
    const few = fewRows<number>(3);
    for (const hash of order) few.add(hash, hash);
    assert.deepEqual(few.take(), [0.1, 0.2, 0.3]);
  }
  const all = fewRows<number>(10);
  for (const hash of hashes) all.add(hash, hash);
  assert.equal(all.take().length, 6);
});
