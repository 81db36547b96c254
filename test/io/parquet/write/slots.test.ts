import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildData } from '../../../../src/arrow/build.js';
import { createSlots, fillSlots } from '../../../../src/io/parquet/write/slots.js';
import { leavesOfType, slotsOf } from '../../../helpers/files/leafSlots.js';

test('texts stand behind their lengths, nulls take nothing', () => {
  const long = 'long '.repeat(100);
  const { slots } = slotsOf('string', ['ab', null, '', long], true);
  const plain = Buffer.concat([
    Buffer.from([2, 0, 0, 0]),
    Buffer.from('ab'),
    Buffer.from([0, 0, 0, 0, 0xf4, 1, 0, 0]),
    Buffer.from(long),
  ]);
  assert.deepEqual(slots.plain.subarray(0, slots.bytes), plain);
  assert.deepEqual([...slots.ends.subarray(0, slots.count)], [6, 6, 10, 514]);
  assert.deepEqual([...slots.definitions.subarray(0, slots.count)], [1, 0, 1, 1]);
});

test('a list has a slot for each element, and one where it is empty or missing', () => {
  const { slots } = slotsOf('list<float64>', [[1, null], [], null, [2, 3]], true);
  assert.equal(slots.count, 6);
  assert.deepEqual([...slots.definitions.subarray(0, 6)], [3, 2, 1, 0, 3, 3]);
  assert.deepEqual([...slots.repetitions.subarray(0, 6)], [0, 1, 0, 0, 0, 1]);
  assert.equal(slots.bytes, 24);
});

test('filled again it holds the new rows alone, of slices and of several pieces', () => {
  const [leaf] = leavesOfType('bool');
  const bits = buildData('bool', [true, true, false, true]);
  const slots = createSlots();
  fillSlots(slots, leaf!, [bits]);
  fillSlots(slots, leaf!, [bits.slice(2, 2), bits.slice(0, 1)]);
  assert.deepEqual([...slots.plain.subarray(0, slots.bytes)], [0, 1, 1]);
});

test('a missing value in a column that has one in each row is a bug, and said', () => {
  const [leaf] = leavesOfType('int32');
  const nulls = buildData('int32', [1, null], true);
  assert.throws(() => fillSlots(createSlots(), leaf!, [nulls]), { code: 'ERR_INVARIANT', message: /column/ });
});
