import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockKey, blockTimeMs } from '../../src/store/blockKey.js';

test('a key has 12 bytes, from which its time can be read', () => {
  const key = blockKey(1_700_000_000_123.9);
  assert.equal(key.length, 12);
  assert.equal(blockTimeMs(key), 1_700_000_000_123);
});

test('keys ascend with time, and those of one millisecond are different', () => {
  const times = [1, 255, 256, 65_536, 2 ** 32, 1.7e12];
  const keys = times.map((ms) => blockKey(ms));
  assert.deepEqual([...keys].sort(Buffer.compare), keys);
  const same = new Set(Array.from({ length: 5000 }, () => blockKey(7).toString('hex')));
  assert.equal(same.size, 5000);
});
