import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesOf } from '../../../../src/io/parquet/write/pages.js';
import { slotsOf } from '../../../helpers/files/leafSlots.js';

const HALF_A_PAGE = 'x'.repeat(2 ** 19);

test('a page ends before the value that makes it a megabyte', () => {
  const { slots, leaf } = slotsOf('string', [HALF_A_PAGE, null, 'a', HALF_A_PAGE, 'b'], true);
  assert.deepEqual(pagesOf(slots, leaf, false), [
    { start: 0, end: 3, rows: 3, nulls: 1, firstRow: 0 },
    { start: 3, end: 5, rows: 2, nulls: 0, firstRow: 3 },
  ]);
  assert.equal(pagesOf(slots, leaf, true).length, 1);
});

test('a row lies in one page, however long it is', () => {
  const rows = [['a'], [HALF_A_PAGE, HALF_A_PAGE, HALF_A_PAGE], [], ['b']];
  const { slots, leaf } = slotsOf('list<string>', rows);
  assert.deepEqual(pagesOf(slots, leaf, false), [
    { start: 0, end: 4, rows: 2, nulls: 0, firstRow: 0 },
    { start: 4, end: 6, rows: 2, nulls: 1, firstRow: 2 },
  ]);
});
