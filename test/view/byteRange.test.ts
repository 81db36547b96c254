import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RANGE_BYTES_MAX, rangeOf } from '../../src/view/byteRange.js';

test('ranges are cut to the file; what is not understood is the whole file', () => {
  assert.deepEqual(rangeOf('bytes=0-9', 100), { start: 0, end: 10 });
  assert.deepEqual(rangeOf('bytes=90-200', 100), { start: 90, end: 100 });
  assert.deepEqual(rangeOf('bytes=90-', 100), { start: 90, end: 100 });
  assert.deepEqual(rangeOf('bytes=-8', 100), { start: 92, end: 100 });
  assert.deepEqual(rangeOf('bytes=-800', 100), { start: 0, end: 100 });
  for (const header of [
    undefined,
    '',
    'bytes=-',
    'bytes=0-1,5-6',
    'rows=0-1',
    'bytes=a-b',
    `bytes=${'9'.repeat(20)}-`,
  ])
    assert.equal(rangeOf(header, 100), 'whole', header);
  for (const header of ['bytes=100-', 'bytes=9-3', 'bytes=-0'])
    assert.equal(rangeOf(header, 100), null, header);
});

test('no range makes the server send more than a bound', () => {
  const size = RANGE_BYTES_MAX * 4;
  assert.deepEqual(rangeOf('bytes=5-', size), { start: 5, end: 5 + RANGE_BYTES_MAX });
  assert.deepEqual(rangeOf(`bytes=-${size}`, size), { start: size - RANGE_BYTES_MAX, end: size });
});
