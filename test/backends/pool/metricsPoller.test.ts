import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetricsPoller } from '../../../src/backends/pool/metricsPoller.js';
import { eject } from '../../../src/backends/pool/outlierEjection.js';
import type { Replica } from '../../../src/backends/pool/replica.js';
import type { ServerLoad } from '../../../src/backends/pool/serverLoad.js';
import { unconnectedReplica } from '../../helpers/servers/replicas.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

function setUp(count: number, limitMax = 100) {
  const clock = simulatedClock();
  const closing = new AbortController();
  const { signal } = closing;
  const world = {
    hasWork: true,
    isReachable: true,
    loadsMs: [] as number[],
    checksMs: [] as number[],
    polled: 0,
    isSilent: false,
    page: (): ServerLoad | null => null,
    /** After each poll, as the pool sends what the limit now lets through. */
    ask: (): void => undefined,
  };
  const breaker = { clock, signal, onHalfOpen: () => undefined };
  const status = {
    load: async () => {
      world.loadsMs.push(clock.nowMs());
      return world.isSilent ? ('silent' as const) : world.page();
    },
    isReachable: async () => {
      world.checksMs.push(clock.nowMs());
      return world.isReachable;
    },
  };
  const replicas = Array.from({ length: count }, (_, at) =>
    unconnectedReplica(at, { limitMax }, breaker, status),
  );
  const poller = createMetricsPoller({
    ...{ clock, signal, replicas },
    hasWork: () => world.hasWork,
    onPolled: () => {
      world.polled += 1;
      world.ask();
    },
  });
  const pass = (ms: number): Promise<void> => clock.until(clock.sleep(ms));
  return { ...{ clock, closing, replicas, poller, pass }, world };
}

const settle = (replica: Replica): void => replica.limit.refused();

describe('createMetricsPoller', () => {
  it('polls four times a second until a server has shown its size, then once', async () => {
    const { poller, pass, world, replicas } = setUp(1);
    poller.start();
    await pass(1001);
    assert.deepEqual(world.loadsMs, [100, 350, 600, 850]);
    settle(replicas[0]!);
    await pass(3000);
    assert.deepEqual(world.loadsMs.slice(4), [1100, 2100, 3100]);
    assert.equal(world.polled, world.loadsMs.length);
  });

  it('polls ten times a second while each poll doubles the limit', async () => {
    const slots = 300;
    const { poller, pass, world, replicas } = setUp(1, 1000);
    const replica = replicas[0]!;
    const values: number[] = [];
    world.ask = () => (replica.outstanding = replica.limit.value);
    world.ask();
    world.page = () => {
      values.push(replica.limit.value);
      const running = Math.min(slots, replica.outstanding);
      return { running, waiting: replica.outstanding - running };
    };
    poller.start();
    await pass(801);
    // At 519 calls wait: two polls at the usual distance decide that these are too many.
    assert.deepEqual(values, [64, 129, 259, 519, 519]);
    assert.deepEqual(world.loadsMs, [100, 200, 300, 400, 650]);
  });

  it('leaves a server alone whose limit can grow no more', async () => {
    const { poller, pass, world, replicas } = setUp(1, 64);
    const replica = replicas[0]!;
    replica.outstanding = 64;
    world.page = () => ({ running: 64, waiting: 0 });
    poller.start();
    await pass(1001);
    assert.deepEqual(world.loadsMs, [100, 350, 600, 850]);
  });

  it('is settled after forty polls in any case', async () => {
    const { poller, pass, world } = setUp(1);
    poller.start();
    await pass(20_000);
    const gapsMs = world.loadsMs.map((ms, at) => ms - (world.loadsMs[at - 1] ?? 0));
    assert.equal(gapsMs.indexOf(1000), 41);
  });

  it('ends without work, and starts again with one loop a replica', async () => {
    const { poller, pass, world } = setUp(2);
    poller.start();
    poller.start();
    await pass(600);
    assert.equal(world.loadsMs.length, 4);
    world.hasWork = false;
    await pass(5000);
    const before = world.loadsMs.length;
    assert.ok(before <= 6, `${world.loadsMs}`);
    world.hasWork = true;
    poller.start();
    await pass(300);
    assert.equal(world.loadsMs.length, before + 2);
  });

  it('checks an ejected replica when that is due, and takes it back when it is reachable', async () => {
    const { poller, pass, world, replicas, clock } = setUp(2);
    const [first] = replicas;
    for (let at = 0; at < 3; at++) eject(first!.health, 'server', clock.nowMs());
    poller.start();
    await pass(3900);
    assert.deepEqual(world.checksMs, [], 'the third consecutive ejection lasts four seconds');
    world.isReachable = false;
    await pass(500);
    assert.ok(first!.health.isEjected && world.checksMs.length > 0);
    world.isReachable = true;
    await pass(500);
    assert.equal(first!.health.isEjected, false);
  });

  it('does not leave an ejected replica alone while no other one is well', async () => {
    const { poller, pass, replicas } = setUp(1);
    for (let at = 0; at < 6; at++) eject(replicas[0]!.health, 'server', 0);
    poller.start();
    await pass(300);
    assert.equal(replicas[0]!.health.isEjected, false);
  });

  it('gives a silent server no calls after ten seconds, while another one answers, and grows its limit by nothing', async () => {
    for (const isOtherThere of [true, false]) {
      const { poller, pass, world, replicas, clock } = setUp(2);
      const [first, second] = replicas as [Replica, Replica];
      second.hasLeft = true;
      first.outstanding = 64;
      first.calls = 64;
      world.isSilent = true;
      world.isReachable = false;
      poller.start();
      await pass(9_000);
      if (isOtherThere) second.health.answeredMs = clock.nowMs();
      assert.ok(!first.health.isEjected);
      await pass(2_000);
      assert.equal(first.health.isEjected, isOtherThere);
      assert.equal(first.limit.value, 64);
      world.isSilent = false;
      world.isReachable = true;
      await pass(300);
      assert.equal(first.health.isEjected, false);
    }
  });

  it('does not take a server for silent that answers calls, though no polls', async () => {
    const { poller, pass, world, replicas, clock } = setUp(2);
    const [first, second] = replicas as [Replica, Replica];
    second.hasLeft = true;
    world.isSilent = true;
    poller.start();
    for (let at = 0; at < 30; at++) {
      first.health.answeredMs = clock.nowMs();
      second.health.answeredMs = clock.nowMs();
      await pass(1000);
    }
    assert.equal(first.health.isEjected, false);
  });

  it('ends at once when it is closed', async () => {
    const { poller, pass, world, closing } = setUp(1);
    poller.start();
    await pass(300);
    closing.abort();
    await pass(5000);
    assert.equal(world.loadsMs.length, 1);
    assert.equal(world.polled, 1);
  });
});
