import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RowEvent, isDelta, isLost } from '../../src/flow/rowEvents.js';

test('of the kinds of events, rows end by two, and one changes a state', () => {
  const lost = { seq: 0, seqIndex: 0, step: 's', reason: 'r', message: '', question: null, reply: null };
  const events: RowEvent[] = [
    { kind: 'dropped', ...lost },
    { kind: 'rejected', ...lost },
    { kind: 'made', seq: 0, step: 's', rows: 1 },
    { kind: 'leftOut', seq: 0, step: 's', reason: 'r', choices: 1 },
    { kind: 'delta', seq: 0, step: 's', value: null },
  ];
  assert.deepEqual(
    events.filter(isLost).map(({ kind }) => kind),
    ['dropped', 'rejected'],
  );
  assert.deepEqual(
    events.filter(isDelta).map(({ kind }) => kind),
    ['delta'],
  );
});
