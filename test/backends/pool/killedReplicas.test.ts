import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Death, type KilledResult, runKilled } from '../../../bench/backends/killedReplicas.js';
import { drawCalls } from '../../../bench/backends/mixedLoad.js';
import type { ServerConfig } from '../../../bench/backends/simulatedServer.js';
import { withRetry } from '../../../src/backends/http/retryPolicy.js';
import { TryFailure } from '../../../src/backends/http/tryFailure.js';
import { createPool } from '../../../src/backends/pool/pool.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';
import { cases } from '../../helpers/texts/cases.js';

const LENGTHS = { meanTokens: 800, sigma: 0.4, capTokens: 4096 };
const SERVER: ServerConfig = { slots: 96, latencyMs: 1.5, metricsLagMs: 500 };

const code = { createPool, withRetry, TryFailure };

function run(deaths: readonly Death[], one: number, servers = [SERVER, SERVER]): Promise<KilledResult> {
  const calls = drawCalls({ five: 0, one, oneToken: 0 }, 1, LENGTHS);
  return runKilled({ clock: simulatedClock(), code }, servers, calls, deaths);
}

const away = (forMs: number, more: Partial<Death> = {}): Death => ({
  replica: 1,
  atMs: 30_000,
  forMs,
  ...more,
});

/** In virtual time, so the figures are the same on every machine. */
describe('createPool, two replicas of which some die and come back', () => {
  const CASES: readonly { name: string; deaths: Death[]; calls?: number; busyMin?: number }[] = [
    { name: 'one for 60 s', deaths: [away(60_000)] },
    { name: 'both at once for 20 s', deaths: [away(20_000), away(20_000, { replica: 0 })] },
    { name: 'one for 5 s', deaths: [away(5_000)] },
    { name: 'one for 120 s', deaths: [away(120_000)], calls: 6000 },
    { name: 'one twice', deaths: [away(20_000), away(20_000, { atMs: 80_000 })] },
    {
      name: 'one twice, shortly after each other',
      deaths: [away(20_000), away(20_000, { atMs: 52_000 })],
      busyMin: 0.96,
    },
    {
      name: 'one, which comes back half as fast',
      deaths: [away(60_000, { change: { slowFactor: 2 } })],
      calls: 6000,
    },
    { name: 'one, which comes back with fewer slots', deaths: [away(60_000, { change: { slots: 24 } })] },
    { name: 'one, which says 503 while it loads', deaths: [away(60_000, { how: 'loading' })] },
    // What failed and not only went away must first answer a few calls.
    { name: 'one, for which a gateway says 502', deaths: [away(60_000, { how: 'gateway' })], busyMin: 0.96 },
  ];
  for (const { name, deaths, calls = 4500, busyMin = 0.97 } of CASES.slice(0, cases(2, CASES.length))) {
    it(`make nine tenths of the ideal, with no call lost and none charged: ${name}`, async () => {
      const { share, busyWhileWaiting, waits } = await run(deaths, calls);
      assert.ok(share >= 0.9, `${share} of the ideal`);
      for (const busy of busyWhileWaiting) assert.ok(busy >= busyMin, `busy: ${busyWhileWaiting}`);
      // With one of them there no call waits before it is tried again, but for the few that told of the gateway.
      if (deaths.every(({ replica }) => replica === 1)) assert.ok(waits <= 8, `${waits} waits`);
    });
  }

  it('is given what it had at once when it is back', async () => {
    const { timeline } = await run([away(10_000)], 2500);
    const at = (ms: number) => timeline.find(({ atMs }) => atMs >= ms)!.replicas[1]!;
    const before = at(29_500);
    assert.equal(at(39_500).running, 0);
    const after = at(41_000);
    assert.equal(after.running, SERVER.slots);
    assert.ok(
      Math.abs(after.limit - before.limit) <= 2 && after.waiting <= 16,
      JSON.stringify({ before, after }),
    );
  });

  it('do not try a dead server once for each of thousands of calls', async () => {
    const { sent } = await run([away(60_000), away(60_000, { replica: 0 })], 2500);
    // 40 a second at each, and what each had, once more before it is ejected.
    assert.ok(sent - 2500 <= 2 * (60 * 40 + 2 * 106), `${sent - 2500} sent again`);
  });

  it('give a server that hangs no more than it had', async () => {
    const { timeline } = await run([away(60_000, { how: 'hung' })], 3500);
    const most = Math.max(
      ...timeline.filter(({ atMs }) => atMs > 30_000).map(({ replicas }) => replicas[1]!.outstanding),
    );
    assert.ok(most <= 1.2 * SERVER.slots, `${most} sequences`);
  });

  it('fill a server that has refused before its first long answer is whole', async () => {
    const long = { meanTokens: 4000, sigma: 0, capTokens: 4000 };
    const calls = drawCalls({ five: 0, one: 600, oneToken: 0 }, 1, long);
    const world = { clock: simulatedClock(), code };
    const { timeline } = await runKilled(world, [SERVER], calls, [
      { replica: 0, atMs: 5_000, forMs: 60_000, how: 'refusing' },
    ]);
    const full = timeline.find(
      ({ atMs, replicas }) => atMs > 65_000 && replicas[0]!.running === SERVER.slots,
    );
    assert.ok(full && full.atMs <= 65_000 + 9_000, `${full?.atMs}`);
  });

  it('of 256 and of 64 slots are both kept busy by calls of five choices, of one and of one token', async () => {
    const servers = [256, 64].map((slots) => ({ ...SERVER, slots }));
    const calls = drawCalls({ five: 600, one: 3000, oneToken: 7500 }, 1);
    const { busyWhileWaiting } = await runKilled({ clock: simulatedClock(), code }, servers, calls, []);
    for (const busy of busyWhileWaiting) assert.ok(busy >= 0.97, `${busyWhileWaiting}`);
  });

  it('answer every call, whatever servers do', async () => {
    const death = fc.record({
      replica: fc.nat(2),
      atMs: fc.nat(60_000),
      forMs: fc.nat(90_000),
      how: fc.constantFrom('unreachable', 'loading', 'refusing', 'hung'),
    });
    const server = fc.record({
      slots: fc.integer({ min: 1, max: 40 }),
      latencyMs: fc.constant(1.5),
      metricsLagMs: fc.constantFrom(0, 500, 3000),
    });
    const input = fc.tuple(
      fc.array(server, { minLength: 1, maxLength: 3 }),
      fc.array(death, { maxLength: 5 }),
    );
    const property = fc.asyncProperty(input, async ([servers, deaths]) => {
      const calls = drawCalls({ five: 30, one: 60, oneToken: 60 }, 1);
      const some = apart(deaths.filter(({ replica }) => replica < servers.length));
      const { timeline } = await runKilled({ clock: simulatedClock(), code }, servers, calls, some);
      for (const { replicas } of timeline) for (const each of replicas) assert.ok(each.limit >= 1);
    });
    await fc.assert(property, { numRuns: cases(15, 150) });
  });
});

/** One server is away for one reason at a time. */
function apart(deaths: Death[]): Death[] {
  const sorted = deaths.toSorted((a, b) => a.atMs - b.atMs);
  return sorted.filter(({ replica, atMs }, at) =>
    sorted.slice(0, at).every((before) => before.replica !== replica || before.atMs + before.forMs < atMs),
  );
}
