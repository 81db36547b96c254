import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBlockCodec } from '../../src/store/blockCodec.js';
import { anyReplies, repliesOf } from './anyReplies.js';

const codec = await createBlockCodec();
const RAW = 0;
const DEFLATED = 1;

test('a block reads back as it was, raw and packed, and at any offset of a larger buffer', async () => {
  await fc.assert(
    fc.asyncProperty(anyReplies, fc.nat(8), async (replies, offset) => {
      for (const block of [codec.encode(replies), await codec.encodePacked(replies)]) {
        const moved = new Uint8Array(block.length + offset);
        moved.set(block, offset);
        const { run, keys, starts } = replies;
        assert.deepEqual(codec.decode(moved.subarray(offset)), replies);
        assert.deepEqual(codec.decodeHead(moved.subarray(offset)), { run, keys, starts });
      }
    }),
  );
});

test('a text that packs well is deflated; one that does not stays raw', async () => {
  const packed = await codec.encodePacked(repliesOf('run', [['k'.repeat(16), 'word '.repeat(1000)]]));
  assert.equal(packed[0], DEFLATED);
  assert.ok(packed.length < 200, `${packed.length} bytes`);
  assert.equal((await codec.encodePacked(repliesOf('run', [['k'.repeat(16), 'abc']])))[0], RAW);
});

test('blocks that are packed at once do not refer to each other', async () => {
  const all = Array.from({ length: 20 }, (_, at) =>
    repliesOf('run', [['k'.repeat(16), `${at} word `.repeat(500)]]),
  );
  const blocks = await Promise.all(all.map((replies) => codec.encodePacked(replies)));
  for (const [at, block] of [...blocks.entries()].reverse()) assert.deepEqual(codec.decode(block), all[at]);
});

test('any changed, missing or added byte is found', async () => {
  const replies = repliesOf('run', [
    ['k'.repeat(16), 'a text of some length, a text of some length'],
    ['l'.repeat(16), 'another one'],
  ]);
  for (const block of [codec.encode(replies), await codec.encodePacked(replies)]) {
    for (let at = 0; at < block.length; at++) {
      // The three zero bytes are outside the checksum and mean nothing.
      if (at >= 1 && at <= 3) continue;
      const changed = Buffer.from(block);
      changed[at]! ^= 0x40;
      assert.equal(codec.decode(changed), null, `byte ${at}`);
    }
    for (let length = 0; length < block.length; length++)
      assert.equal(codec.decode(block.subarray(0, length)), null, `${length} bytes`);
    assert.equal(codec.decode(Buffer.concat([block, Buffer.alloc(1)])), null);
  }
});
