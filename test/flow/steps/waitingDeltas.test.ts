import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateDelta } from '../../../src/flow/rowEvents.js';
import { createWaitingDeltas } from '../../../src/flow/steps/waitingDeltas.js';
import { collect } from '../../helpers/texts/chunks.js';
import { committedValues } from '../../helpers/runs/committedValues.js';

function deltasOf(lo: number, hi: number): StateDelta[] {
  return Array.from({ length: hi - lo }, (_, at) => ({
    ...{ kind: 'delta', step: 's', seq: lo + at, value: lo + at },
  }));
}

const positions = (lo: number, hi: number): number[] => Array.from({ length: hi - lo }, (_, at) => lo + at);

test('what is committed is not held: a commit every 5,000 deltas bounds what a million would take', async () => {
  let committedTo = 0;
  const stored = committedValues(positions(0, 100_000), 1000);
  const waiting = createWaitingDeltas({ ...stored, upTo: () => committedTo });
  for (let lo = 0; lo < 100_000; lo += 100) {
    waiting.add(deltasOf(lo, lo + 100));
    committedTo = Math.floor(lo / 5000) * 5000;
  }
  assert.equal(waiting.count(), Infinity, 'some must be read');
  const pieces = await collect(waiting.take());
  assert.deepEqual(pieces.flat(), positions(0, 100_000));
  assert.ok(pieces.at(-1)!.length <= 5000 + 4096, `${pieces.at(-1)!.length} were held`);
});

test('without commits all are held', async () => {
  const waiting = createWaitingDeltas(undefined);
  waiting.add(deltasOf(0, 5000));
  assert.equal(waiting.count(), 5000);
  assert.deepEqual((await collect(waiting.take())).flat(), positions(0, 5000));
  assert.deepEqual([waiting.count(), waiting.takeHeld()], [0, []]);
});
