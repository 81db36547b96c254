import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../src/errors.js';
import { type MissingReply, storedModel } from '../../../src/run/verify/storedModel.js';

test('a row that a failed call lost fails again in the same way; any other reply is missing', async () => {
  const missing: MissingReply[] = [];
  const rejected = new Map([[4, { reason: 'ROW_REFUSED', message: 'not this one', reply: null }]]);
  const find = async (seq: number) => rejected.get(seq);
  const model = storedModel('chat', find, (reply) => void missing.push(reply));
  await assert.rejects(model.score({ seq: 4, items: [] }), (error: RowError) => {
    assert.deepEqual(
      [error instanceof RowError, error.code, error.message],
      [true, 'ROW_REFUSED', 'not this one'],
    );
    return true;
  });
  assert.deepEqual(missing, []);
  await assert.rejects(model.embed({ seq: 5, texts: [] }), { code: 'ERR_STORE_DAMAGED' });
  assert.deepEqual(missing, [{ model: 'chat', seq: 5 }]);
});
