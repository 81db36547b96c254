import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Replica } from '../../../src/backends/pool/replica.js';
import { createReplicaTally, replicaState } from '../../../src/backends/server/replicaTally.js';

test('tries, replies and what they cost are counted for one server', () => {
  const { counts, ...tally } = createReplicaTally();
  for (let at = 0; at < 3; at++) tally.sent();
  assert.equal(counts.inFlight, 3);
  tally.ended();
  const usage = { promptTokens: 5, completionTokens: 7 };
  assert.equal(
    tally.answered(() => usage, {}, {}),
    usage,
  );
  tally.ended();
  assert.throws(() =>
    tally.answered(
      () => {
        throw new Error('no such reply');
      },
      {},
      {},
    ),
  );
  tally.ended();
  tally.failed();
  assert.deepEqual(counts, { inFlight: 0, requests: 3, failures: 2, ...usage });
});

test('an ejected server is told as that, whatever its circuit breaker says', () => {
  const replica = { breaker: { state: 'halfOpen' }, limit: { value: 9 }, outstanding: 2 };
  const state = (isEjected: boolean): unknown =>
    replicaState({ ...replica, health: { isEjected } } as unknown as Replica);
  assert.deepEqual(state(false), { state: 'halfOpen', limit: 9, outstanding: 2 });
  assert.deepEqual(state(true), { state: 'ejected', limit: 9, outstanding: 2 });
});
