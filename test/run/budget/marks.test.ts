import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Amounts, openLedger } from '../../../src/run/budget/ledger.js';
import { createMarks } from '../../../src/run/budget/marks.js';

test('a mark is saved before it is passed, a hundredth of the limit ahead, and once where many ask', async () => {
  const saved: Amounts[] = [];
  let onSaved = 0;
  const ledger = openLedger({ tokens: 1000 }, { tokens: 100 });
  const marks = createMarks({
    ...{ limits: { tokens: 1000 }, before: { tokens: 100 }, ledger },
    save: async (next) => void saved.push(next),
    onSaved: () => onSaved++,
    onFailed: (error) => assert.fail(error),
  });
  assert.equal(marks.cover({ tokens: 5 }), false);
  assert.equal(marks.cover({ tokens: 5 }), false);
  assert.equal(marks.isSaving(), true);
  await marks.saved();
  assert.deepEqual([saved, onSaved, marks.isSaving()], [[{ tokens: 115 }], 1, false]);
  assert.equal(marks.cover({ tokens: 15 }), true);
  assert.equal(marks.cover({ tokens: 16 }), false);
  await marks.saved();
  assert.deepEqual(saved.at(-1), { tokens: 126 });
});

test('time is covered some seconds ahead', async () => {
  const saved: Amounts[] = [];
  const ledger = openLedger({ wallHours: 1 }, {});
  const marks = createMarks({
    ...{ limits: { wallHours: 1 }, before: {}, ledger, onSaved: () => {} },
    save: async (next) => void saved.push(next),
    onFailed: (error) => assert.fail(error),
  });
  ledger.setTime({ wallHours: 0.5 }, { wallHours: 0.01 });
  marks.cover({});
  await marks.saved();
  assert.ok(Math.abs(saved[0]!['wallHours']! - (0.5 + 0.01 + 0.05)) < 1e-9);
});
