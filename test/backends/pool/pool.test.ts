import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { EndpointOptions } from '../../../bench/endpoint/options.js';
import { type RunningEndpoint, startEndpoint } from '../../../bench/endpoint/start.js';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { type Pool, type PoolOptions, createPool } from '../../../src/backends/pool/pool.js';
import type { Replica } from '../../../src/backends/pool/replica.js';
import { type SharedPools, createSharedPools } from '../../../src/backends/pool/sharedPools.js';
import { withRetry } from '../../../src/backends/http/retryPolicy.js';
import { type FailureKind, TryFailure } from '../../../src/backends/http/tryFailure.js';
import { RowError, ScaleQuestError } from '../../../src/errors.js';
import { deriveUniform } from '../../../src/random.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

const fail = (kind: FailureKind, retryAfterMs = 0): TryFailure =>
  new TryFailure(kind, `model m ${kind}`, { retryAfterMs });
const rest = (): Promise<void> => new Promise(setImmediate);

interface World {
  pool: Pool;
  clock: SimulatedClock;
  /** Whether each server answers when it is asked how it is. */
  reachable: boolean[];
  polls: number;
}

/** No page to steer by: limits stay as `slots` says. */
function setUp(replicas: number, changes: Partial<PoolOptions> = {}): World {
  const clock = simulatedClock();
  const reachable = Array.from({ length: replicas }, () => true);
  const world: World = { clock, reachable, polls: 0, pool: undefined! };
  world.pool = createPool({
    urls: reachable.map((_, at) => `http://replica${at}/v1`),
    ...{ slots: 10, requestsInFlightMax: 1024, headers: {}, clock },
    openStatus: ({ url }) => {
      const at = Number(url.match(/\d/));
      const isReachable = async (): Promise<boolean> => reachable[at]!;
      const load = async (): Promise<null> => {
        world.polls += 1;
        return null;
      };
      return { load, isReachable, isReady: isReachable, close: async () => undefined };
    },
    ...changes,
  });
  return world;
}

const limits = ({ pool }: World): number[] => pool.stats().replicas.map(({ limit }) => limit);
const outstanding = ({ pool }: World): number[] => pool.stats().replicas.map((each) => each.outstanding);
const up = ({ pool }: World): boolean[] => pool.stats().replicas.map(({ isEjected }) => !isEjected);

/** Asks as the retry policy does, failovers included, but gives up where that would wait. */
function ask<T>({ pool, clock }: World, seq: number, call: (replica: Replica) => Promise<T>): Promise<T> {
  return withRetry(() => pool.run(seq, call), {
    ...{ retriesMax: Infinity, unreachableMs: Infinity, busyMs: Infinity },
    ...{ failoversMax: pool.replicas.length, lastAnswer: pool.lastAnswer, clock, random: () => 0 },
    onRetry: (failure) => {
      throw failure;
    },
  });
}

/** A call that takes so long at the replica where it runs. */
function taking({ clock }: World, ms: number): (replica: Replica) => Promise<number> {
  return async ({ index }) => {
    await clock.sleep(ms);
    return index;
  };
}

describe('createPool, servers that come and go', () => {
  it('gives calls to a server that is new, and none to one that has left; the calls that it has may end', async () => {
    const world = setUp(2);
    const { pool, clock } = world;
    const first = Array.from({ length: 4 }, (_, seq) => pool.run(seq, taking(world, 10)));
    pool.follow(['http://replica1/v1', 'http://replica2/v1']);
    const later = Array.from({ length: 4 }, (_, seq) => pool.run(4 + seq, taking(world, 10)));
    assert.deepEqual(
      pool.stats().replicas.map(({ url, outstanding: taken }) => [url, taken]),
      [
        ['http://replica1/v1', 3],
        ['http://replica2/v1', 3],
      ],
    );
    assert.deepEqual((await clock.until(Promise.all(first))).toSorted(), [0, 0, 1, 1]);
    assert.deepEqual((await clock.until(Promise.all(later))).toSorted(), [1, 2, 2, 2]);
    await pool.close();
  });

  it('a call that a server fails when it has left goes to another at once', async () => {
    const world = setUp(2);
    const { pool, clock } = world;
    const asked: number[] = [];
    const call = async ({ index }: Replica): Promise<number> => {
      asked.push(index);
      await clock.sleep(5);
      if (index === 0) throw new TryFailure('reset', 'cut');
      return index;
    };
    const calls = [ask(world, 0, call), ask(world, 1, call)];
    pool.follow(['http://replica1/v1']);
    assert.deepEqual(await clock.until(Promise.all(calls)), [1, 1]);
    assert.deepEqual(asked, [0, 1, 1]);
    await pool.close();
  });

  it('without any server a call waits until one comes, or for as long as a server may be unreachable', async () => {
    const world = setUp(1, { noServerText: 'servers.txt lists no server' });
    const { pool, clock } = world;
    // The first fills the server, the second waits for it.
    const running = pool.run(0, taking(world, 50), { sequences: 11 });
    const waiting = pool.run(1, taking(world, 5));
    pool.follow([]);
    await assert.rejects(waiting, { kind: 'absent', message: 'servers.txt lists no server' });
    const trouble: string[] = [];
    const retried = withRetry(() => pool.run(2, taking(world, 5)), {
      ...{ retriesMax: 0, unreachableMs: 60_000, lastAnswer: pool.lastAnswer, clock, random: () => 0.5 },
      onRetry: ({ message }) => trouble.push(message),
    });
    void clock.sleep(2000).then(() => pool.follow(['http://replica3/v1']));
    assert.equal(await clock.until(retried), 1);
    assert.ok(trouble.length > 1 && trouble.every((text) => text === 'servers.txt lists no server'));
    assert.equal(await running, 0);
    pool.follow([]);
    const never = withRetry(() => pool.run(3, taking(world, 5)), {
      ...{ retriesMax: 0, unreachableMs: 5000, lastAnswer: pool.lastAnswer, clock, random: () => 0.5 },
    });
    await assert.rejects(clock.until(never), { code: 'ERR_MODEL_UNREACHABLE' });
    await pool.close();
  });

  it('answers every call while servers come, leave and die', async () => {
    const world = setUp(2);
    const { pool, clock } = world;
    let draws = 0;
    const random = (): number => deriveUniform(3, 'changes', draws++);
    const dead = new Set<string>();
    let served = 0;
    const call = async ({ url }: Replica): Promise<string> => {
      await clock.sleep(1 + 20 * random());
      if (dead.has(url)) throw new TryFailure('unreachable', `${url} is dead`);
      served += 1;
      return url;
    };
    const options = { retriesMax: 5, unreachableMs: 60_000, clock, random, lastAnswer: pool.lastAnswer };
    const calls = Array.from({ length: 1500 }, (_, seq) =>
      withRetry(() => pool.run(seq, call), { ...options, failoversMax: 3 }),
    );
    const all = Promise.all(calls);
    const change = async (): Promise<void> => {
      for (let at = 0; at < 40; at++) {
        await clock.sleep(20);
        const listed = [0, 1, 2, 3, 4]
          .filter(() => random() < 0.5)
          .map((index) => `http://replica${index}/v1`);
        dead.clear();
        if (listed.length > 1) dead.add(listed[0]!);
        pool.follow(listed);
      }
      dead.clear();
      pool.follow(['http://replica0/v1']);
    };
    void change();
    assert.equal((await clock.until(all)).length, 1500);
    assert.equal(served, 1500);
    assert.deepEqual(outstanding(world), [0]);
    await pool.close();
  });
});

describe('createPool, which replica and which row', () => {
  it('gives a call to the replica with the least outstanding for its limit', async () => {
    const world = setUp(3);
    const calls = Array.from({ length: 30 }, (_, seq) => ask(world, seq, taking(world, 100)));
    assert.deepEqual(limits(world), [11, 11, 11]);
    assert.deepEqual(outstanding(world), [10, 10, 10]);
    await world.clock.until(Promise.all(calls));

    // One that has refused has a smaller limit, and so a smaller part.
    const at: number[] = [];
    await world.clock.until(
      Promise.allSettled(
        [0, 1, 2].map((seq) =>
          ask(world, seq, async ({ index }) => {
            if (index === 0) throw fail('busy');
          }),
        ),
      ),
    );
    await world.clock.until(world.clock.sleep(300));
    await world.clock.until(ask(world, 0, async ({ index }) => void at.push(index)));
    assert.deepEqual(at, [0], 'the half-open probe that it answers');
    assert.deepEqual(limits(world), [9, 11, 11]);
    const more = Array.from({ length: 28 }, (_, seq) => ask(world, seq, taking(world, 100)));
    assert.deepEqual(outstanding(world), [8, 10, 10]);
    await world.clock.until(Promise.all(more));
  });

  it('sends a row’s calls to one replica when all are full, and elsewhere while that is ejected', async () => {
    const shareTogether = async (changes: Partial<PoolOptions>): Promise<number> => {
      const world = setUp(3, { slots: 4, ...changes });
      const rows = Array.from({ length: 60 }, (_, seq) =>
        Promise.all([0, 1, 2, 3].map((at) => ask(world, seq, taking(world, 100 + ((7 * seq + at) % 13))))),
      );
      const usedBy = (await world.clock.until(Promise.all(rows))) as number[][];
      return usedBy.filter((row) => new Set(row).size === 1).length / usedBy.length;
    };
    assert.ok((await shareTogether({ usesAffinity: false })) < 0.2);
    assert.ok((await shareTogether({})) > 0.7);

    const world = setUp(2, { slots: 2 });
    const at: number[] = [];
    const rows = Array.from({ length: 20 }, (_, seq) =>
      ask(world, seq, async ({ index }) => {
        if (index === 0) throw fail('unreachable');
        at.push(seq);
        await world.clock.sleep(10);
      }),
    );
    await world.clock.until(Promise.all(rows));
    assert.equal(at.length, 20);
  });

  it('starts the oldest row first when slots come free', async () => {
    const world = setUp(1, { slots: 1, requestsInFlightMax: 1 });
    const started: number[] = [];
    const calls = [9, 5, 7, 1, 3].map((seq) =>
      ask(world, seq, async () => {
        started.push(seq);
        await world.clock.sleep(10);
      }),
    );
    await world.clock.until(Promise.all(calls));
    assert.deepEqual(started, [9, 1, 3, 5, 7]);
  });

  it('counts the sequences of a call, and hands them back with it', async () => {
    const world = setUp(2, { slots: 20 });
    const calls = [5, 1, 7, 2].map((sequences, seq) =>
      world.pool.run(seq, taking(world, 100), { sequences }),
    );
    assert.deepEqual(outstanding(world), [5 + 2, 1 + 7], 'least outstanding sequences, not calls');
    assert.equal(world.pool.stats().inFlight, 4);
    await world.clock.until(Promise.all(calls));
    assert.deepEqual(outstanding(world), [0, 0]);
  });

  it('sends a call that is larger than all there may be alone, and starves it behind no others', async () => {
    const world = setUp(1, { slots: 4, requestsInFlightMax: 4 });
    const startedMs = new Map<number, number>();
    const call = (seq: number, sequences: number): Promise<void> =>
      world.pool.run(
        seq,
        async () => {
          startedMs.set(seq, world.clock.nowMs());
          await world.clock.sleep(100 + seq);
        },
        { sequences },
      );
    const calls = [call(0, 1), call(1, 1), call(2, 9), ...[3, 4, 5, 6].map((seq) => call(seq, 1))];
    await world.clock.until(Promise.all(calls));
    assert.deepEqual([...startedMs.values()], [0, 0, 101, 203, 203, 203, 203]);
  });

  it('never has more out than the limit at dispatch, whatever calls do, and settles each once', async () => {
    const kinds = [
      'busy',
      'server',
      'timeout',
      'reply',
      'reset',
      'unreachable',
      'row',
      'ok',
      'ok',
      'ok',
    ] as const;
    const call = fc.record({ takes: fc.integer({ min: 0, max: 3000 }), ends: fc.constantFrom(...kinds) });
    const given = fc.record({
      replicas: fc.integer({ min: 1, max: 3 }),
      slots: fc.integer({ min: 1, max: 5 }),
      calls: fc.array(call, { minLength: 1, maxLength: 40 }),
    });
    const property = fc.asyncProperty(given, async ({ replicas, slots, calls }) => {
      const world = setUp(replicas, { slots });
      let settled = 0;
      const all = calls.map(({ takes, ends }, seq) =>
        ask(world, seq, async (replica) => {
          const allDown = up(world).every((isUp) => !isUp);
          const most = allDown ? 1 : replica.limit.value;
          assert.ok(replica.outstanding <= most, `${replica.outstanding} out of ${most}`);
          await world.clock.sleep(takes);
          if (ends === 'row') throw new RowError('ROW_REPLY_INVALID', 'model m');
          if (ends !== 'ok') throw fail(ends);
        })
          .catch((error: unknown) => assert.ok(error instanceof TryFailure || error instanceof RowError))
          .finally(() => (settled += 1)),
      );
      await world.clock.until(Promise.all(all));
      assert.equal(settled, calls.length);
      assert.deepEqual(outstanding(world), Array<number>(replicas).fill(0));
      const { inFlight, queued } = world.pool.stats();
      assert.deepEqual([inFlight, queued], [0, 0]);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('createPool, replicas that die', () => {
  it('fails the calls of a dead one over to the others at once; none fails, none comes twice', async () => {
    const world = setUp(2);
    let served = 0;
    world.reachable[0] = false;
    const calls = Array.from({ length: 50 }, (_, seq) =>
      ask(world, seq, async ({ index }) => {
        await world.clock.sleep(100);
        if (index === 0) throw fail('unreachable');
        served += 1;
        return index;
      }),
    );
    assert.deepEqual(new Set(await world.clock.until(Promise.all(calls))), new Set([1]));
    assert.equal(served, 50);
    assert.deepEqual(up(world), [false, true]);
  });

  it('gives the slot of a call that could not reach it to no other call', async () => {
    const world = setUp(2, { slots: 1, requestsInFlightMax: 1 });
    const at: number[] = [];
    const calls = Array.from({ length: 6 }, (_, seq) =>
      ask(world, seq, async ({ index }) => {
        at.push(index);
        await world.clock.sleep(100 + 50 * index);
        if (index === 0) throw fail('unreachable');
      }),
    );
    world.reachable[0] = false;
    await world.clock.until(Promise.all(calls));
    assert.equal(at.filter((index) => index === 0).length, 1);
  });

  it('does not fail a call over for ever: it may be what kills them', async () => {
    const world = setUp(3);
    const at: number[] = [];
    const killer = ask(world, 0, async ({ index }) => {
      at.push(index);
      throw fail('unreachable');
    });
    await assert.rejects(world.clock.until(killer), { name: 'TryFailure' });
    assert.deepEqual(at, [0, 1, 2]);
  });

  it('readmits it when it is reachable, also when calls come one by one', async () => {
    const world = setUp(2);
    world.reachable[0] = false;
    await world.clock.until(
      ask(world, 0, async ({ index }) => {
        if (index === 0) throw fail('unreachable');
      }),
    );
    assert.deepEqual(up(world), [false, true]);
    for (let seq = 1; seq < 5; seq++) {
      assert.equal(await world.clock.until(ask(world, seq, taking(world, 3000))), 1);
    }
    world.reachable[0] = true;
    await world.clock.until(ask(world, 5, taking(world, 3000)));
    assert.deepEqual(up(world), [true, true]);
    assert.equal(await world.clock.until(ask(world, 6, taking(world, 10))), 0);
  });

  it('ejects one that fails eight times in a row only while another is up', async () => {
    for (const replicas of [1, 2]) {
      const world = setUp(replicas);
      let failures = 0;
      const calls = Array.from({ length: 9 * replicas }, (_, seq) =>
        ask(world, seq, async ({ index }) => {
          await world.clock.sleep(100 + seq);
          if (index > 0) return;
          failures += 1;
          assert.equal(up(world)[0], failures <= 8 || replicas === 1, `${failures}`);
          throw fail('server');
        }),
      );
      await world.clock.until(Promise.allSettled(calls));
      assert.equal(failures, 9);
      assert.equal(up(world)[0], replicas === 1);
    }
  });

  it('gives one that fails though it is reachable no more than a call now and then, and charges nobody for it', async () => {
    const world = setUp(2);
    const at = [0, 0];
    let charged = 0;
    const row = async (seq: number): Promise<void> => {
      const trying = ask(world, seq, async ({ index }) => {
        at[index]! += 1;
        if (index === 0) throw fail('server');
        await world.clock.sleep(1000);
      });
      await trying.catch(async () => {
        charged += 1;
        await world.clock.sleep(250);
        await row(seq);
      });
    };
    await world.clock.until(Promise.all(Array.from({ length: 400 }, (_, seq) => row(seq))));
    assert.equal(at[1], 400);
    // Eight until it is ejected, by four that were there with the eighth, and one a probe: after 1, 2, 4, 8, 16 s.
    assert.ok(charged <= 8, `${charged} tries were charged`);
    assert.ok(at[0]! <= 24, `${at[0]} calls went to the one that fails`);
    assert.ok(world.clock.nowMs() <= 42_000, `${world.clock.nowMs()} ms`);
  });

  it('uses one that has failed as before when it is well again', async () => {
    const world = setUp(2);
    let isSick = true;
    const at = [0, 0];
    const call = async ({ index }: Replica): Promise<void> => {
      if (index === 0 && isSick) throw fail('reply');
      await world.clock.sleep(100);
      at[index]! += 1;
    };
    const askRows = (rows: number): Promise<unknown> =>
      world.clock.until(Promise.allSettled(Array.from({ length: rows }, (_, seq) => ask(world, seq, call))));
    await askRows(40);
    assert.deepEqual(up(world), [false, true]);
    isSick = false;
    await askRows(400);
    assert.ok(at[0]! > 100, `${at[0]}`);
    assert.deepEqual(up(world), [true, true]);
  });

  it('turns to one that failed at once when the others die', async () => {
    const world = setUp(2);
    const { clock } = world;
    let isSick = true;
    let isGone = false;
    const call = async ({ index }: Replica): Promise<number> => {
      await clock.sleep(10);
      if (index === 1 && isSick) throw fail('server');
      if (index === 0 && isGone) throw fail('unreachable');
      return index;
    };
    const settled = (rows: number): Promise<unknown> =>
      clock.until(Promise.allSettled(Array.from({ length: rows }, (_, seq) => ask(world, seq, call))));
    // Ejected again and again, so that it would be left alone for a long time.
    for (let round = 0; round < 6; round++) {
      await settled(40);
      await clock.until(clock.sleep(8_000));
    }
    isSick = false;
    isGone = true;
    world.reachable[0] = false;
    await settled(1);
    const diedMs = clock.nowMs();
    const again = async (): Promise<number> => ask(world, 0, call).catch(() => clock.sleep(100).then(again));
    assert.equal(await clock.until(again()), 1);
    assert.ok(clock.nowMs() - diedMs <= 1500, `${clock.nowMs() - diedMs} ms`);
  });

  it('polls the others while one does not answer its polls', async () => {
    const polledMs: number[] = [];
    const world = setUp(2, {
      openStatus: ({ url }) => ({
        load: async () => {
          if (url.includes('replica0')) await world.clock.sleep(10_000);
          else polledMs.push(world.clock.nowMs());
          return null;
        },
        isReachable: async () => true,
        isReady: async () => true,
        close: async () => undefined,
      }),
    });
    await world.clock.until(ask(world, 0, taking(world, 9_000)));
    const most = Math.max(...polledMs.map((ms, at) => ms - (polledMs[at - 1] ?? 0)));
    assert.ok(most <= 1000, `${polledMs}`);
  });

  it('sends one call at a time to each while all are ejected', async () => {
    const world = setUp(2);
    world.reachable.fill(false);
    const dead = async ({ clock }: World): Promise<never> => {
      await clock.sleep(10);
      throw fail('unreachable');
    };
    const first = Array.from({ length: 4 }, (_, seq) => ask(world, seq, () => dead(world)));
    await world.clock.until(Promise.allSettled(first));
    assert.deepEqual(up(world), [false, false]);
    const later = Array.from({ length: 10 }, (_, seq) => ask(world, seq, () => dead(world)));
    assert.deepEqual(outstanding(world), [1, 1]);
    await world.clock.until(Promise.allSettled(later));
    const served = ask(world, 0, taking(world, 10));
    await world.clock.until(served);
    assert.ok(up(world).includes(true), 'an answer readmits it without a poll');
  });
});

describe('createPool, replicas that refuse', () => {
  /** Many rows at a server that refuses until `untilMs`; when each try started. */
  async function storm(untilMs: number, retryAfterMs = 0): Promise<{ world: World; startsMs: number[] }> {
    const world = setUp(1);
    const startsMs: number[] = [];
    const { clock } = world;
    const row = async (seq: number): Promise<void> => {
      for (;;) {
        const trying = ask(world, seq, async () => {
          startsMs.push(clock.nowMs());
          if (clock.nowMs() < untilMs) throw fail('busy', retryAfterMs);
          await clock.sleep(400);
        });
        const isDone = await trying.then(
          () => true,
          () => false,
        );
        if (isDone) return;
      }
    };
    await clock.until(Promise.all(Array.from({ length: 30 }, (_, seq) => row(seq))));
    return { world, startsMs };
  }

  it('gets one half-open probe a second, and all calls again after the first answer', async () => {
    const { world, startsMs } = await storm(5000);
    const probesMs = startsMs.filter((ms) => ms > 0 && ms < 5650);
    assert.deepEqual(probesMs, [250, 1250, 2250, 3250, 4250, 5250]);
    const answeredMs = 5250 + 400;
    assert.ok(startsMs.filter((ms) => ms === answeredMs).length >= 8, `${startsMs}`);
    assert.ok(limits(world)[0]! >= 9, 'decreased once, not with each probe');
  });

  it('is asked sooner than Retry-After says, but not at once', async () => {
    const { startsMs } = await storm(2000, 30_000);
    assert.deepEqual(startsMs.filter((ms) => ms > 0).slice(0, 2), [1000, 2000]);
  });

  it('is probed by a call of one sequence, if one of the first that wait is such', async () => {
    const world = setUp(1);
    const { clock } = world;
    await clock.until(ask(world, 0, () => Promise.reject(fail('busy'))).catch(() => undefined));
    const started: number[] = [];
    const rows = [5, 5, 1, 5].map((sequences, seq) =>
      world.pool.run(
        seq,
        async () => {
          started.push(seq);
          await clock.sleep(100);
        },
        { sequences },
      ),
    );
    await clock.until(Promise.all(rows));
    assert.deepEqual(started, [2, 0, 1, 3]);
  });

  it('is not taken for recovered by the answer to what it had before', async () => {
    const world = setUp(1);
    const { clock } = world;
    const old = ask(world, 0, taking(world, 100));
    await rest();
    const refused = ask(world, 1, async () => {
      await clock.sleep(50);
      throw fail('busy', 1000);
    });
    await clock.until(refused.catch(() => undefined));
    const startsMs: number[] = [];
    const later = [2, 3, 4].map((seq) =>
      ask(world, seq, async () => {
        startsMs.push(clock.nowMs());
        await clock.sleep(100);
      }),
    );
    await clock.until(old);
    await rest();
    assert.deepEqual(startsMs, []);
    await clock.until(Promise.all(later));
    assert.deepEqual(startsMs, [1050, 1150, 1150]);
  });

  it('keeps no row from the others: what one refuses goes to another at once', async () => {
    const world = setUp(2);
    const { clock } = world;
    const calls = Array.from({ length: 60 }, (_, seq) =>
      ask(world, seq, async ({ index }) => {
        if (index === 0) throw fail('busy', 12_000);
        await clock.sleep(400);
        return clock.nowMs();
      }),
    );
    const endedMs = await clock.until(Promise.all(calls));
    // 11 at a time: no row waits for what Retry-After says.
    assert.ok(Math.max(...endedMs) <= 6 * 400, `${endedMs}`);
  });

  it('takes a row that it rejects for an answer', async () => {
    const world = setUp(1);
    const { clock } = world;
    await clock.until(ask(world, 0, () => Promise.reject(fail('busy'))).catch(() => undefined));
    const reject = ask(world, 1, () => Promise.reject(new RowError('ROW_REPLY_INVALID', 'model m')));
    await assert.rejects(clock.until(reject), RowError);
    const calls = [2, 3].map((seq) => ask(world, seq, taking(world, 10)));
    assert.deepEqual(outstanding(world), [2]);
    await clock.until(Promise.all(calls));
  });
});

describe('createPool, polls and the end', () => {
  it('polls while there is work, and not after it', async () => {
    const world = setUp(1);
    await world.clock.until(ask(world, 0, taking(world, 5000)));
    await world.clock.until(world.clock.sleep(2000));
    const { polls } = world;
    assert.ok(polls >= 5, `${polls}`);
    await world.clock.until(world.clock.sleep(60_000));
    assert.equal(world.polls, polls);
  });

  it('rejects everything once when it is closed, and all that comes later', async () => {
    const world = setUp(2, { slots: 1, requestsInFlightMax: 1 });
    const settled: string[] = [];
    const calls = Array.from({ length: 6 }, (_, seq) =>
      ask(world, seq, taking(world, 1000)).then(
        () => settled.push('value'),
        (error: ScaleQuestError) => settled.push(error.code),
      ),
    );
    await world.pool.close();
    await Promise.all(calls);
    assert.deepEqual(settled, Array(6).fill('ERR_CANCELLED'));
    await world.clock.until(world.clock.sleep(5000));
    assert.equal(settled.length, 6);
    assert.deepEqual(outstanding(world), [0, 0]);
    await assert.rejects(ask(world, 9, taking(world, 1)), { code: 'ERR_CANCELLED' });
    await world.pool.close();
  });
});

describe('a model over simulated servers', () => {
  const ASK = {
    message: { kind: 'user', text: 'Add 2 and 3.' },
    n: 1,
    tokensMax: 64,
    temperature: 1,
    topP: 1,
  } as const;
  const OPTIONS = { slots: 8, lengths: { meanTokens: 20, sigma: 0, capTokens: 20 } };

  async function start(
    t: TestContext,
    options: Partial<EndpointOptions> = OPTIONS,
  ): Promise<RunningEndpoint> {
    const endpoint = await startEndpoint(options);
    t.after(() => endpoint.close());
    return endpoint;
  }

  async function open(
    t: TestContext,
    endpoints: RunningEndpoint[],
    changes: object = {},
    { pools, end = '' }: { pools?: SharedPools; end?: string } = {},
  ): Promise<Model> {
    const replicas = endpoints.map(({ url }) => `${url}/v1${end}`);
    const openai = { replicas, model: 'm', slots: 8, ...changes };
    const deps = { env: {}, folder: '.', random: () => 0.5, ...(pools && { pools }) };
    const model = await openModel('m', { openai }, deps);
    t.after(() => model.close());
    return model;
  }

  const askAll = (model: Model, rows: number): Promise<unknown>[] =>
    Array.from({ length: rows }, (_, seq) => model.complete({ ...ASK, seq, seed: seq }));

  it('loses no row and charges no try when a replica dies, and uses it again', async (t) => {
    const endpoints = [await start(t), await start(t)];
    const model = await open(t, endpoints, { retriesMax: 0 });
    const asking = Promise.all(askAll(model, 200));
    await delay(150);
    await endpoints[0]!.control({ die: { returnAfterMs: 300 } });
    await asking;
    const { failures, requests } = model.stats();
    assert.deepEqual([requests, failures], [200, 0]);
    const before = (await endpoints[0]!.stats()).requests.byStatus['200'] ?? 0;
    assert.ok(before > 8, `${before}`);
  });

  it('ends with ERR_MODEL_UNREACHABLE when all replicas are dead for unreachableMs', async (t) => {
    const endpoints = [await start(t), await start(t)];
    const model = await open(t, endpoints, { unreachableMs: 600 });
    await Promise.all(askAll(model, 4));
    await Promise.all(endpoints.map((endpoint) => endpoint.control({ die: {} })));
    const startedMs = performance.now();
    const outcomes = await Promise.allSettled(askAll(model, 40));
    assert.ok(performance.now() - startedMs >= 500);
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.equal((outcome.reason as ScaleQuestError).code, 'ERR_MODEL_UNREACHABLE');
    }
  });

  it('loses no row to connections that the server half closes, in a reply or after one', async (t) => {
    const endpoint = await start(t);
    const model = await open(t, [endpoint], { retriesMax: 20 });
    await endpoint.control({ shares: { halfClosed: 0.2, closedAfter: 0.5 } });
    await Promise.all(askAll(model, 100));
    const { faults } = await endpoint.stats();
    assert.ok(faults.halfClosed > 5 && faults.closedAfter > 20, JSON.stringify(faults));
    assert.equal(model.stats().failures, 0);
  });

  it('has no more connections than requests, however many roles share a server', async (t) => {
    const endpoint = await start(t);
    const pools = createSharedPools();
    const roles = await Promise.all(['', '/', ''].map((end) => open(t, [endpoint], {}, { pools, end })));
    await Promise.all(roles.flatMap((model) => askAll(model, 40)));
    await Promise.all(roles.flatMap((model) => askAll(model, 40)));
    const { connections, requests } = await endpoint.stats();
    // One more for the polls of the metrics page, and one for this question.
    const most = requests.inFlightMost + 2;
    assert.ok(connections.most <= most, `${connections.most} connections, ${most} requests`);
  });

  it('probes a server that refuses, and serves every row after it', async (t) => {
    const endpoint = await start(t);
    const model = await open(t, [endpoint], { retriesMax: 0 });
    await Promise.all(askAll(model, 8));
    await endpoint.control({ storm: { forMs: 1000 } });
    await Promise.all(askAll(model, 40));
    const { requests } = await endpoint.stats();
    assert.ok(requests.byStatus['429']! <= 12, `${requests.byStatus['429']}`);
    assert.equal(model.stats().failures, 0);
  });
});
