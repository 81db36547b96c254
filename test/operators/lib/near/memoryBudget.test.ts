import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../../../src/errors.js';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';

test('what is released can be taken again; what does not fit is refused and not taken', () => {
  const budget = createMemoryBudget(1, () => '3 questions of deduplicate');
  budget.take(2 ** 20);
  budget.release(2 ** 19);
  assert.equal(budget.bytes, 2 ** 19);
  assert.throws(
    () => budget.take(2 ** 19 + 1),
    (error) =>
      error instanceof ScaleQuestError &&
      error.code === 'ERR_MEMORY' &&
      error.data['memoryMiB'] === 1 &&
      /^3 questions of deduplicate take all of memoryMiB \(1\)\. .*raise memoryMiB/.test(error.message),
  );
  assert.equal(budget.bytes, 2 ** 19);
  budget.take(2 ** 19);
});
