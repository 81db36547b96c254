import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CircuitBreaker, createCircuitBreaker } from '../../../src/backends/pool/circuitBreaker.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

interface World {
  breaker: CircuitBreaker;
  clock: SimulatedClock;
  closing: AbortController;
  /** When it told that a probe may go out. */
  halfOpensMs: number[];
}

function setUp(): World {
  const clock = simulatedClock();
  const closing = new AbortController();
  const halfOpensMs: number[] = [];
  const breaker = createCircuitBreaker({
    ...{ clock, signal: closing.signal },
    onHalfOpen: () => halfOpensMs.push(clock.nowMs()),
  });
  return { breaker, clock, closing, halfOpensMs };
}

const pass = ({ clock }: World, ms: number): Promise<void> => clock.until(clock.sleep(ms));

describe('createCircuitBreaker', () => {
  it('opens at a refusal and is half open after a quarter of a second', async () => {
    const world = setUp();
    const { breaker, halfOpensMs } = world;
    assert.equal(breaker.state, 'closed');
    assert.equal(breaker.refused(0), true);
    await pass(world, 249);
    assert.equal(breaker.state, 'open');
    await pass(world, 2);
    assert.equal(breaker.state, 'halfOpen');
    assert.deepEqual(halfOpensMs, [250]);
  });

  it('stays open as long as the server asks, but no longer than a second', async () => {
    for (const [askedMs, openMs] of [
      [700, 700],
      [30_000, 1000],
    ] as const) {
      const world = setUp();
      world.breaker.refused(askedMs);
      await pass(world, openMs - 1);
      assert.equal(world.breaker.state, 'open');
      await pass(world, 2);
      assert.equal(world.breaker.state, 'halfOpen');
    }
  });

  it('opens once: what else is refused meanwhile is no news, and delays no probe', async () => {
    const world = setUp();
    assert.equal(world.breaker.refused(0), true);
    await pass(world, 200);
    assert.equal(world.breaker.refused(30_000), false);
    await pass(world, 51);
    assert.equal(world.breaker.state, 'halfOpen');
  });

  /** As many probes as go out now. */
  function probe({ breaker }: World): number {
    let count = 0;
    for (; breaker.state === 'halfOpen'; count++) breaker.probing();
    return count;
  }

  it('lets twice as many probes out each second as long as none is refused', async () => {
    const world = setUp();
    world.breaker.refused(0);
    await pass(world, 250);
    const counts = [probe(world)];
    for (let second = 0; second < 4; second++) {
      await pass(world, 1000);
      counts.push(probe(world));
    }
    assert.deepEqual(counts, [1, 2, 4, 8, 16]);
    world.breaker.refused(0);
    await pass(world, 1000);
    assert.equal(probe(world), 1);
    assert.equal(world.breaker.answered(world.clock.nowMs()), true);
    assert.equal(world.breaker.state, 'closed');
  });

  it('lets the rest of the probes of a second wait when one of them comes to nothing', async () => {
    for (const how of ['refused', 'failed'] as const) {
      const world = setUp();
      const { breaker } = world;
      breaker.refused(0);
      await pass(world, 250);
      probe(world);
      await pass(world, 1000);
      breaker.probing();
      assert.equal(breaker.state, 'halfOpen');
      breaker[how](0);
      assert.equal(breaker.state, 'open');
      await pass(world, 1000);
      assert.equal(probe(world), 1);
    }
  });

  it('lets one probe out at a time to a server that takes calls and answers none', async () => {
    const world = setUp();
    world.breaker.reset('halfOpen', 'single');
    for (let second = 0; second < 4; second++) {
      assert.equal(probe(world), 1);
      await pass(world, 1000);
    }
  });

  it('is probed once a minute where the server asks for hours, and once a second again after it', async () => {
    const world = setUp();
    const probe = async (): Promise<void> => {
      world.breaker.probing();
      world.breaker.refused(5 * 3_600_000);
      await pass(world, 120_000);
    };
    world.breaker.refused(5 * 3_600_000);
    await pass(world, 1000);
    for (let count = 0; count < 3; count++) await probe();
    const gapsMs = world.halfOpensMs.map((ms, at) => ms - (world.halfOpensMs[at - 1] ?? 0));
    assert.deepEqual(gapsMs, [1000, 60_000, 120_000, 120_000]);
    world.breaker.refused(30_000);
    world.breaker.probing();
    const before = world.clock.nowMs();
    await pass(world, 2000);
    assert.equal(world.halfOpensMs.at(-1)! - before, 1000);
  });

  it('closes at the answer to a call that began after the refusal, and at no other', async () => {
    const world = setUp();
    await pass(world, 100);
    world.breaker.refused(0);
    assert.equal(world.breaker.answered(99), false);
    assert.equal(world.breaker.state, 'open');
    assert.equal(world.breaker.answered(100), true);
    assert.equal(world.breaker.state, 'closed');
    assert.equal(world.breaker.answered(100), false, 'closed already');
    // The timer of the refusal must not half-open what is closed.
    await pass(world, 1000);
    assert.equal(world.breaker.state, 'closed');
  });

  it('an old timer does not half-open a newer opening', async () => {
    const world = setUp();
    world.breaker.refused(1000);
    await pass(world, 900);
    world.breaker.answered(900);
    world.breaker.refused(1000);
    await pass(world, 150);
    assert.equal(world.breaker.state, 'open');
    await pass(world, 900);
    assert.equal(world.breaker.state, 'halfOpen');
  });

  it('begins again closed, or half open for a server that has to show itself', () => {
    const { breaker } = setUp();
    breaker.refused(0);
    breaker.reset('closed');
    assert.equal(breaker.state, 'closed');
    breaker.reset('halfOpen');
    assert.equal(breaker.state, 'halfOpen');
    assert.equal(breaker.answered(0), true);
  });

  it('tells nothing after the end', async () => {
    const world = setUp();
    world.breaker.refused(0);
    world.closing.abort();
    await pass(world, 1000);
    assert.deepEqual(world.halfOpensMs, []);
  });
});
