import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withRetry } from '../../../src/backends/http/retryPolicy.js';
import { TryFailure } from '../../../src/backends/http/tryFailure.js';
import { type CallSize, type Pool, createPool } from '../../../src/backends/pool/pool.js';
import type { Rates } from '../../../src/backends/pool/rateBudget.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

/** A service that refuses what is over its limits. It takes a call in at once and answers it later. */
interface Service {
  takes(tokens: number, nowMs: number): boolean;
}

/** No more than `most` in any minute. */
function slidingWindow(most: number): Service {
  const taken: { atMs: number; cost: number }[] = [];
  return {
    takes(cost, nowMs) {
      const sum = taken.filter(({ atMs }) => atMs > nowMs - 60_000).reduce((all, one) => all + one.cost, 0);
      if (sum + cost > most) return false;
      taken.push({ atMs: nowMs, cost });
      return true;
    },
  };
}

/** No more than `most` from one full minute to the next. */
function fixedWindow(most: number): Service {
  const sums = new Map<number, number>();
  return {
    takes(cost, nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      const sum = (sums.get(minute) ?? 0) + cost;
      if (sum > most) return false;
      sums.set(minute, sum);
      return true;
    },
  };
}

/** Fills steadily, and holds no more than one second's worth. */
function smallBucket(most: number): Service {
  const perMs = most / 60_000;
  let held = Math.max(1, perMs * 1000);
  let beforeMs = 0;
  return {
    takes(cost, nowMs) {
      held = Math.min(Math.max(1, perMs * 1000), held + (nowMs - beforeMs) * perMs);
      beforeMs = nowMs;
      // What a sum of fractions lacks is none.
      if (held + 1e-6 < cost) return false;
      held -= cost;
      return true;
    },
  };
}

interface Told {
  clock: SimulatedClock;
  pool: Pool;
  sentMs: number[];
  refused: number;
}

function openPool(rates: Rates, replicas = 1): Told {
  const clock = simulatedClock();
  const closed = { load: async () => null, isReachable: async () => true, isReady: async () => true };
  const pool = createPool({
    urls: Array.from({ length: replicas }, (_, at) => `http://replica${at}/v1`),
    ...{ slots: 4096, requestsInFlightMax: 4096, headers: {}, clock, rates: { ...rates, model: 'm' } },
    openStatus: () => ({ ...closed, close: async () => undefined }),
  });
  return { clock, pool, sentMs: [], refused: 0 };
}

/** Sends calls as the client does, each again until it is answered. */
function askAll(told: Told, service: Service, count: number, size: CallSize<number> = {}): Promise<unknown> {
  const { clock, pool, sentMs } = told;
  const call = async (): Promise<number> => {
    sentMs.push(clock.nowMs());
    if (!service.takes(size.tokens ?? 1, clock.nowMs())) {
      told.refused += 1;
      throw new TryFailure('busy', 'refused', { retryAfterMs: 1000 });
    }
    await clock.sleep(3_700);
    return 1;
  };
  const retry = { retriesMax: 0, unreachableMs: 0, lastAnswer: pool.lastAnswer, clock, random: () => 0.5 };
  const calls = Array.from({ length: count }, (_, seq) =>
    withRetry(() => pool.run(seq, call, size), { ...retry, busyMs: Infinity }),
  );
  return clock.until(Promise.all(calls));
}

/** The most in any minute. */
function mostInAMinute(sentMs: readonly number[]): number {
  return Math.max(...sentMs.map((at) => sentMs.filter((ms) => ms >= at && ms < at + 60_000).length));
}

describe('createPool, rates', () => {
  for (const [name, service] of Object.entries({ slidingWindow, fixedWindow, smallBucket })) {
    it(`makes exactly 60 requests a minute where it may, and none is refused (${name})`, async () => {
      const told = openPool({ requestsPerMinute: 60 }, 3);
      await askAll(told, service(60), 601);
      assert.equal(told.refused, 0);
      assert.equal(mostInAMinute(told.sentMs), 60);
      assert.equal(told.sentMs.at(-1), 600_000, 'ten minutes for 600 requests, and one after them');
    });
  }

  it('is refused without the option, by the same services', async () => {
    for (const service of [slidingWindow, fixedWindow, smallBucket]) {
      const told = openPool({});
      await askAll(told, service(60), 200);
      assert.ok(told.refused > 50, `${told.refused} refused`);
    }
  });

  it('keeps a rate of hundreds a second with timers of a millisecond', async () => {
    const told = openPool({ requestsPerMinute: 30_000 });
    await askAll(told, { takes: () => true }, 5_000);
    const lastMs = told.sentMs.at(-1)!;
    assert.ok(lastMs > 9_900 && lastMs < 10_100, `${lastMs} ms for 10 s`);
  });

  it('counts the tokens of prompt and reply, as estimated, and as the replies say', async () => {
    const estimated = openPool({ tokensPerMinute: 6_000 });
    await askAll(estimated, slidingWindow(6_000), 120, { tokens: 100 });
    assert.deepEqual([estimated.refused, mostInAMinute(estimated.sentMs)], [0, 60]);

    // Each reply is a quarter as long as it might have been.
    const corrected = openPool({ tokensPerMinute: 6_000 });
    await askAll(corrected, { takes: () => true }, 400, { tokens: 100, tokensOf: () => 25 });
    const most = mostInAMinute(corrected.sentMs);
    assert.ok(most > 150 && most <= 240, `${most} in a minute`);
  });

  it('lets a call of more tokens than a minute has go alone', async () => {
    const told = openPool({ tokensPerMinute: 1_000 });
    await askAll(told, { takes: () => true }, 3, { tokens: 50_000 });
    assert.deepEqual(told.sentMs, [0, 60_000, 120_000]);
  });

  it('wakes no call after it was closed', async () => {
    const { pool, clock, ...told } = openPool({ requestsPerMinute: 1 });
    const calls = [0, 1].map((seq) => pool.run(seq, async () => seq).catch((error: Error) => error.name));
    await clock.until(calls[0]!);
    await pool.close();
    assert.equal(await calls[1], 'ScaleQuestError');
    assert.equal(told.refused, 0);
  });
});
