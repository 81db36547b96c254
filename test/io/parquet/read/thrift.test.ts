import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readThrift } from '../../../../src/io/parquet/read/thrift.js';

test('numbers, truths, bytes, lists and structs by their field numbers', () => {
  const bytes = [
    ...[0x15, 0x01, 0x11, 0x12, 0x16, 0x84, 0x02, 0x18, 2, 0x61, 0x62],
    ...[0x19, 0x25, 2, 4, 0x1c, 0x15, 6, 0, 0x05, 0x50, 8, 0],
  ];
  const { fields, end } = readThrift(Uint8Array.from([9, ...bytes, 9]), 1);
  assert.equal(end, bytes.length + 1);
  assert.deepEqual([...fields.keys()], [1, 2, 3, 4, 5, 6, 7, 40]);
  assert.deepEqual([fields.get(1), fields.get(2), fields.get(3), fields.get(4)], [-1, true, false, 130n]);
  assert.equal(Buffer.from(fields.get(5) as Uint8Array).toString(), 'ab');
  assert.deepEqual(fields.get(6), [1, 2]);
  assert.equal((fields.get(7) as Map<number, number>).get(1), 3);
  assert.equal(fields.get(40), 4);
});

test('what is cut off, too deep or of an unknown kind is no struct', () => {
  const read = (...bytes: number[]): unknown => readThrift(Uint8Array.from(bytes), 0);
  assert.throws(() => read(0x15), /cut off/);
  assert.throws(() => read(0x18, 9, 1), /cut off/);
  assert.throws(() => read(0x19, 0xf5, 0xff, 0x7f), /cut off/);
  assert.throws(() => read(...Array.from({ length: 40 }, () => 0x1c)), /nested too deeply/);
  assert.throws(() => read(0x1d, 0), /unknown type/);
  assert.throws(() => read(0x16, ...Array.from({ length: 12 }, () => 0xff)), /too long/);
});
