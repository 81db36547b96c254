import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import {
  KEEP,
  drop,
  keep,
  multiply,
  rejectIfIncomplete,
  rejectOrThrow,
} from '../../../src/flow/steps/outcome.js';

test('each outcome says its kind, and no more than it was given', () => {
  assert.deepEqual(
    [KEEP, keep({ words: 3 }), keep({ words: 3 }, { ROW_LENGTH: 1 }), multiply([{ x: 1 }]), drop('short')],
    [
      { kind: 'keep' },
      { kind: 'keep', values: { words: 3 } },
      { kind: 'keep', values: { words: 3 }, leftOut: { ROW_LENGTH: 1 } },
      { kind: 'multiply', rows: [{ x: 1 }] },
      { kind: 'dropped', reason: 'short', message: '' },
    ],
  );
});

test('an error of the row rejects the row; any other goes on as it is', () => {
  assert.deepEqual(rejectOrThrow(new RowError('ROW_EMPTY', 'nothing')), {
    ...{ kind: 'rejected', reason: 'ROW_EMPTY', message: 'nothing' },
  });
  assert.deepEqual(rejectOrThrow(new RowError('ROW_EMPTY', 'nothing', { reply: ' ' })), {
    ...{ kind: 'rejected', reason: 'ROW_EMPTY', message: 'nothing', reply: ' ' },
  });
  const other = new ScaleQuestError('ERR_IO_READ', 'x');
  assert.throws(
    () => rejectOrThrow(other),
    (error) => error === other,
  );
});

test('a row without a value that its step reads is rejected, unless the step can do without', () => {
  const row = { seq: 0, seqIndex: 0, question: 'a', reward: null };
  const shape = { step: 'x', reads: { question: 'string', reward: 'float64' }, writes: [] } as const;
  assert.match(
    JSON.stringify(rejectIfIncomplete(row, shape)),
    /ROW_VALUE_MISSING.*no value in its column ..reward/,
  );
  assert.equal(rejectIfIncomplete(row, { ...shape, mayLack: ['reward'] }), null);
  assert.equal(rejectIfIncomplete({ ...row, reward: 0 }, shape), null);
});
