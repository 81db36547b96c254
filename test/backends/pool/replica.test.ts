import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eject } from '../../../src/backends/pool/outlierEjection.js';
import { takeBack } from '../../../src/backends/pool/replica.js';
import { unconnectedReplica } from '../../helpers/servers/replicas.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

const breaker = {
  clock: simulatedClock(),
  signal: new AbortController().signal,
  onHalfOpen: () => undefined,
};

test('a replica that comes back gets as much as before; one that kept failing must answer a call first', () => {
  for (const [kind, state] of [
    ['unreachable', 'closed'],
    ['server', 'halfOpen'],
  ] as const) {
    const replica = unconnectedReplica(0, { slots: 10, limitMax: 100 }, breaker);
    replica.health.answeredMs = 0;
    replica.limit.refused();
    replica.breaker.refused(0);
    eject(replica.health, kind, 0);
    assert.equal(replica.limit.value, 9);
    takeBack(replica, 5);
    assert.equal(replica.health.isEjected, false);
    assert.equal(replica.limit.value, 9);
    assert.equal(replica.breaker.state, state);
  }
});
