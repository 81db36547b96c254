import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../src/flow/batch.js';
import { orderedMap } from '../../src/flow/orderedMap.js';
import { driven, plainBatch, settle } from './batches.js';

/** Work whose results and failures the test gives by the batch's first position. */
function byHand() {
  const started: number[] = [];
  const settlers = new Map<number, { finish: () => void; fail: (error: Error) => void }>();
  const work = (batch: Batch): Promise<Batch> => {
    started.push(batch.lo);
    return new Promise((resolve, reject) =>
      settlers.set(batch.lo, { finish: () => resolve(batch), fail: reject }),
    );
  };
  return { started, work, at: (lo: number) => settlers.get(lo)! };
}

test('all batches start when they arrive; they leave in the order of arrival, whichever is finished first', async () => {
  const { started, work, at } = byHand();
  const { source, seen } = driven(orderedMap('step', work));
  for (const lo of [0, 2, 4]) source.next(plainBatch(lo, lo + 2));
  source.complete();
  assert.deepEqual(started, [0, 2, 4]);
  at(4).finish();
  at(2).finish();
  await settle();
  assert.deepEqual(seen, []);
  at(0).finish();
  await settle();
  assert.deepEqual(seen, ['0-2', '2-4', '4-6', 'done']);
});

test('a result that is no promise leaves at once, in the same call', () => {
  const { source, seen } = driven(orderedMap('step', (batch) => batch));
  source.next(plainBatch(0, 2));
  assert.deepEqual(seen, ['0-2']);
});

test('a batch that waits holds back a later one whose result is there already', async () => {
  const { work, at } = byHand();
  const { source, seen } = driven(orderedMap('step', (batch) => (batch.lo === 0 ? work(batch) : batch)));
  source.next(plainBatch(0, 2));
  source.next(plainBatch(2, 4));
  assert.deepEqual(seen, []);
  at(0).finish();
  await settle();
  assert.deepEqual(seen, ['0-2', '2-4']);
});

test('the first error, of whichever batch, ends the stream at once; nothing follows it', async () => {
  const { work, at } = byHand();
  const { source, seen } = driven(orderedMap('step', work));
  source.next(plainBatch(0, 2));
  source.next(plainBatch(2, 4));
  at(2).fail(new Error('broken'));
  await settle();
  assert.deepEqual([seen, source.observed], [['broken'], false]);
  at(0).finish();
  await settle();
  assert.deepEqual(seen, ['broken']);
});

test('an error that is thrown in the call, and a batch out of place, end the stream', () => {
  const thrown = driven(
    orderedMap('step', () => {
      throw new Error('at once');
    }),
  );
  thrown.source.next(plainBatch(0, 2));
  assert.deepEqual(thrown.seen, ['at once']);
  const { source, seen } = driven(orderedMap('step', (batch) => batch));
  source.next(plainBatch(5, 6));
  source.next(plainBatch(7, 8));
  assert.deepEqual(seen, ['5-6', 'ERR_INVARIANT']);
});

test('an error of the source ends the stream without waiting for work', () => {
  const { work } = byHand();
  const { source, seen } = driven(orderedMap('step', work));
  source.next(plainBatch(0, 2));
  source.error(new Error('the file is gone'));
  assert.deepEqual(seen, ['the file is gone']);
});
