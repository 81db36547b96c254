import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eject, noteFailure } from '../../../src/backends/pool/outlierEjection.js';
import type { Replica } from '../../../src/backends/pool/replica.js';
import { hasAffinity, hasRoom, pickReplica } from '../../../src/backends/pool/scheduling.js';
import { unconnectedReplica } from '../../helpers/servers/replicas.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

function replicasOf(count: number): Replica[] {
  const breaker = {
    clock: simulatedClock(),
    signal: new AbortController().signal,
    onHalfOpen: () => undefined,
  };
  return Array.from({ length: count }, (_, at) =>
    unconnectedReplica(at, { slots: 10, limitMax: 100 }, breaker),
  );
}

describe('pickReplica', () => {
  it('picks the least outstanding work for the limit, the first of equals', () => {
    const replicas = replicasOf(3);
    assert.equal(pickReplica(replicas, 1)!.index, 0);
    replicas[0]!.outstanding = 5;
    replicas[1]!.outstanding = 4;
    replicas[2]!.outstanding = 4;
    assert.equal(pickReplica(replicas, 1)!.index, 1);
    // Eight tenths of the limit, so 4 of 9 is more than 4 of 11.
    replicas[1]!.limit.refused();
    assert.equal(pickReplica(replicas, 1)!.index, 2);
  });

  it('passes over a full limit, an open circuit breaker and an ejected replica', () => {
    const replicas = replicasOf(4);
    replicas[0]!.outstanding = 11;
    replicas[1]!.breaker.refused(0);
    eject(replicas[2]!.health, 'unreachable', 0);
    assert.equal(pickReplica(replicas, 1)!.index, 3);
    replicas[3]!.outstanding = 11;
    assert.equal(pickReplica(replicas, 1), null);
  });

  it('counts failures in a row as load', () => {
    const replicas = replicasOf(2);
    for (let at = 0; at < 4; at++) noteFailure(replicas[0]!.health, 'server', () => false);
    replicas[1]!.outstanding = 5;
    assert.equal(pickReplica(replicas, 1)!.index, 1);
    replicas[1]!.outstanding = 6;
    assert.equal(pickReplica(replicas, 1)!.index, 0);
  });

  it('with all ejected gives each one call at a time, by turns', () => {
    const replicas = replicasOf(2);
    for (const { health } of replicas) eject(health, 'unreachable', 0);
    const picked = [1, 2, 3, 27, 28].map((nowMs) => {
      const replica = pickReplica(replicas, 1, nowMs);
      if (replica) replica.triedMs = nowMs;
      return replica?.index;
    });
    assert.deepEqual(picked, [0, 1, undefined, 0, 1], 'each waits for 25 ms');
    replicas[0]!.outstanding = 1;
    replicas[1]!.outstanding = 1;
    assert.equal(pickReplica(replicas, 1), null);
  });
});

describe('hasRoom', () => {
  it('lets the last call below the limit reach beyond it, but no call beyond what the user set', () => {
    const [replica] = replicasOf(1);
    assert.deepEqual([replica!.limit.value, replica!.limit.max], [11, 100]);
    replica!.outstanding = 10;
    assert.ok(hasRoom(replica!, 1) && hasRoom(replica!, 5) && hasRoom(replica!, 90));
    assert.ok(!hasRoom(replica!, 91));
    replica!.outstanding = 11;
    assert.ok(!hasRoom(replica!, 1));
  });

  it('lets a call that is larger than any limit go alone', () => {
    const [replica] = replicasOf(1);
    assert.ok(hasRoom(replica!, 1000));
    replica!.outstanding = 1;
    assert.ok(!hasRoom(replica!, 1000));
  });
});

describe('hasAffinity', () => {
  it('gives each row one replica, spread evenly', () => {
    const replicas = replicasOf(3);
    const counts = [0, 0, 0];
    for (let seq = 0; seq < 3000; seq++) {
      const preferred = replicas.filter((replica) => hasAffinity(replicas, replica, seq));
      assert.equal(preferred.length, 1);
      counts[preferred[0]!.index]! += 1;
    }
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 100, `${counts}`);
  });

  it('moves the rows of an ejected replica to the next one, and no others', () => {
    const replicas = replicasOf(3);
    const of = (seq: number): number => replicas.findIndex((replica) => hasAffinity(replicas, replica, seq));
    const before = Array.from({ length: 300 }, (_, seq) => of(seq));
    eject(replicas[1]!.health, 'unreachable', 0);
    before.forEach((index, seq) => assert.equal(of(seq), index === 1 ? 2 : index));
    for (const { health } of replicas) health.isEjected = true;
    assert.equal(of(0), -1);
  });
});
