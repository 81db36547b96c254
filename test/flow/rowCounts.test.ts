import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCounts, assertRowsBalance, countEvents, lostIn } from '../../src/flow/rowCounts.js';
import type { LostRow, RowEvent } from '../../src/flow/rowEvents.js';

function lost(kind: LostRow['kind'], step: string, reason: string): LostRow {
  return { kind, seq: 0, seqIndex: 0, step, reason, message: '', question: null, reply: null };
}

test('events are counted by step, kind and reason: made rows by their number, left-out choices too, deltas not at all', () => {
  const events: RowEvent[] = [
    lost('dropped', 'deduplicate', 'duplicate'),
    lost('dropped', 'deduplicate', 'duplicate'),
    lost('rejected', 'respond', 'ROW_LENGTH'),
    { kind: 'made', seq: 1, step: 'unnest', rows: 3 },
    { kind: 'leftOut', seq: 1, step: 'respond', reason: 'ROW_EMPTY', choices: 2 },
    { kind: 'delta', seq: 1, step: 'deduplicate', value: 'a question' },
  ];
  assert.deepEqual(countEvents(events), {
    'deduplicate dropped duplicate': 2,
    'respond rejected ROW_LENGTH': 1,
    'unnest made rows': 3,
    'respond leftOut ROW_EMPTY': 2,
  });
});

test('counts are added in place, new keys too', () => {
  const counts = { a: 1 };
  addCounts(counts, { a: 2, b: 3 });
  assert.deepEqual(counts, { a: 3, b: 3 });
});

test('rows balance: positions and made rows are kept or lost; left-out choices are no rows', () => {
  const counts = { 'unnest made rows': 3, 'filter dropped bad': 2, 'respond leftOut ROW_EMPTY': 9 };
  assertRowsBalance(4, 5, counts);
  for (const kept of [4, 6]) {
    assert.throws(() => assertRowsBalance(4, kept, counts), {
      code: 'ERR_INVARIANT',
      message: new RegExp(`4 rows went in and 3 were made.* found ${kept} kept \\+ 2 lost`),
    });
  }
});

test('lost rows are read from counts, and nothing else', () => {
  const counts = { 'unnest made rows': 3, 'filter dropped too short': 2, 'respond rejected ROW_LENGTH': 1 };
  assert.deepEqual(lostIn({ ...counts, 'respond leftOut ROW_EMPTY': 9 }), [
    { step: 'filter', kind: 'dropped', reason: 'too short', rows: 2 },
    { step: 'respond', kind: 'rejected', reason: 'ROW_LENGTH', rows: 1 },
  ]);
});
