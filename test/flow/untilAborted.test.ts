import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilAborted } from '../../src/flow/untilAborted.js';
import { driven, plainBatch } from './batches.js';

test('batches pass until the signal fires; then the stream ends with ERR_CANCELLED and leaves its source', () => {
  const cancel = new AbortController();
  const { source, seen } = driven(untilAborted(cancel.signal));
  source.next(plainBatch(0, 1));
  cancel.abort();
  assert.equal(source.observed, false);
  source.next(plainBatch(1, 2));
  assert.deepEqual(seen, ['0-1', 'ERR_CANCELLED']);
});

test('a signal that has fired before ends the stream at once, without a subscription to its source', () => {
  const { source, seen } = driven(untilAborted(AbortSignal.abort()));
  assert.deepEqual([seen, source.observed], [['ERR_CANCELLED'], false]);
});

test('a stream that has ended listens no more; without a signal everything passes', () => {
  const cancel = new AbortController();
  const ended = driven(untilAborted(cancel.signal));
  ended.source.complete();
  cancel.abort();
  assert.deepEqual(ended.seen, ['done']);
  const { source, seen } = driven(untilAborted(undefined));
  source.next(plainBatch(0, 1));
  source.complete();
  assert.deepEqual(seen, ['0-1', 'done']);
});
