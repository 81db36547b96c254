import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIST_PX_MAX, listHeightPx, rowAt, scrollOf } from '../../../src/page/view/scrollRows.js';

test('each row of a list of any length can be scrolled to, and the scroll bar goes from the first to the last', () => {
  for (const rows of [1, 20, 1000, 200_000, 1_000_000, 50_000_000]) {
    const heightPx = listHeightPx(rows, 34);
    assert.ok(heightPx <= LIST_PX_MAX);
    const last = Math.max(0, rows - Math.floor(600 / 34));
    assert.equal(rowAt(0, rows, 34, 600), 0);
    assert.equal(rowAt(heightPx, rows, 34, 600), last);
    for (const row of [0, 1, 7, Math.floor(last / 2), last - 1, last].filter(
      (each) => each >= 0 && each <= last,
    ))
      assert.equal(rowAt(scrollOf(row, rows, 34, 600), rows, 34, 600), row, `${row} of ${rows}`);
  }
});
