import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError, ScaleQuestError, allOfRow } from '../src/errors.js';

test('of several calls of a row that fail the first in order counts, whichever came first; what ends the run does so', async () => {
  const late = (code: 'ROW_EMPTY' | 'ROW_LENGTH', ms: number): Promise<number> =>
    new Promise((_, reject) => {
      setTimeout(() => reject(new RowError(code, code)), ms);
    });
  assert.deepEqual(await allOfRow([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
  await assert.rejects(allOfRow([Promise.resolve(1), late('ROW_LENGTH', 20), late('ROW_EMPTY', 0)]), {
    code: 'ROW_LENGTH',
  });
  const ends = Promise.reject(new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'gone'));
  await assert.rejects(allOfRow([new Promise<number>(() => {}), ends]), { code: 'ERR_MODEL_UNREACHABLE' });
});
