import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPLIED_AT_ONCE_MAX, forEachDelta } from '../../src/flow/committedDeltas.js';
import { committedValues } from '../helpers/runs/committedValues.js';

const VALUES = Array.from({ length: 5 * APPLIED_AT_ONCE_MAX + 7 }, (_, at) => at);

test('every value is applied, in order, however it was read; others have the event loop in between', async () => {
  for (const pieceValues of [1, 100, 1000]) {
    const applied: unknown[] = [];
    let others = 0;
    let most = 0;
    let before = 0;
    const watch = (): void => {
      others += 1;
      most = Math.max(most, applied.length - before);
      before = applied.length;
      if (applied.length < VALUES.length) setImmediate(watch);
    };
    setImmediate(watch);
    const { read } = committedValues(VALUES, pieceValues);
    await forEachDelta(read(0, VALUES.length), (value) => void applied.push(value));
    assert.deepEqual(applied, VALUES);
    assert.ok(others >= 5, `${others} turns`);
    assert.ok(most <= 2 * APPLIED_AT_ONCE_MAX, `${most} applied in one turn`);
  }
});

test('it stops when it is told so', async () => {
  const applied: unknown[] = [];
  const { read } = committedValues(VALUES, 1000);
  await forEachDelta(
    read(0, VALUES.length),
    (value) => void applied.push(value),
    () => applied.length > 0,
  );
  assert.equal(applied.length, APPLIED_AT_ONCE_MAX);
});
