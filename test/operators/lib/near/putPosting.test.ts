import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putPosting } from '../../../../src/operators/lib/near/putPosting.js';

test('rows of a hash lie side by side, behind the end of the table at its beginning, up to a number', () => {
  const table = new Int32Array(2 * 4);
  // The last slot of four.
  const hash = -1;
  assert.deepEqual(
    [0, 5, 7].map((row) => putPosting(table, hash, row, 2)),
    [true, true, false],
  );
  assert.deepEqual([...table], [-1, 6, 0, 0, 0, 0, -1, 1]);
  assert.equal(putPosting(table, -2, 9, 2), true);
  assert.deepEqual([...table], [-1, 6, -2, 10, 0, 0, -1, 1]);
});
