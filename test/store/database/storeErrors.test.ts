import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../../src/errors.js';
import { committed, openError, writeError } from '../../../src/store/database/storeErrors.js';

/** Rejects as LMDB does, which puts the system's error into a second promise. */
function failedCommit(commitError: Promise<never>): Promise<never> {
  return Promise.reject(
    Object.assign(new Error('Commit failed (see commitError for details)'), { commitError }),
  );
}

test('a commit that fails rejects with what the system said, and leaves no promise without a handler', async () => {
  const cause = Object.assign(new Error('No space left on device'), { code: 28 });
  const later = new Promise<never>((_, reject) => setTimeout(() => reject(cause), 50));
  const error = await committed(failedCommit(later)).catch((found: unknown) => found);
  assert.equal(error, cause);
  assert.match(
    writeError('/store', error).message,
    /cannot be written: cannot write \/store\/data\.mdb \(ENOSPC\): the disk is full\. Free some space/,
  );
});

test('a commit whose cause never comes rejects all the same', async () => {
  const waited: number[] = [];
  const sleep = async (ms: number): Promise<void> => void waited.push(ms);
  await assert.rejects(committed(failedCommit(new Promise(() => {})), { sleep }), /Commit failed/);
  assert.deepEqual(waited, [2000]);
});

test('an error of the store stays what it is', () => {
  const damaged = new ScaleQuestError('ERR_STORE_DAMAGED', 'damaged');
  assert.equal(writeError('/store', damaged), damaged);
  assert.equal(openError('/store', damaged), damaged);
});
