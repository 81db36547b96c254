import type { Clock } from '../../src/clock.js';
import type { ModelStats } from '../../src/backends/model.js';
import type { RetryOptions, withRetry } from '../../src/backends/http/retryPolicy.js';
import type { FailureKind } from '../../src/backends/http/tryFailure.js';
import type { Pool, PoolOptions } from '../../src/backends/pool/pool.js';
import { replicaState } from '../../src/backends/server/replicaTally.js';
import { deriveUniform } from '../../src/random.js';
import { type EngineConfig, stepMsOf } from '../endpoint/engine.js';
import {
  type Absence,
  type Call,
  type ServerConfig,
  type SimulatedServer,
  simulatedServer,
} from './simulatedServer.js';

/** The real pool and retries over several simulated servers in virtual time, which die and come back. */
export interface KilledWorld {
  clock: Clock & { until<T>(work: Promise<T>, endMs?: number): Promise<T> };
  code: PoolCode;
}

/** Of one build. */
export interface PoolCode {
  createPool: (options: PoolOptions) => Pool;
  withRetry: typeof withRetry;
  TryFailure: new (kind: FailureKind, message: string) => Error;
}

export interface Death {
  replica: number;
  atMs: number;
  forMs: number;
  /** How it is away until then: `unreachable` unless given. */
  how?: Absence;
  /** How it comes back; as it was unless given. */
  change?: Partial<EngineConfig>;
}

export interface KilledResult {
  tookMs: number;
  /** Tokens of all calls over what the replicas, always full, would make in the time that they were up. */
  share: number;
  /** Of the same, the tokens of calls that a server had begun and lost. */
  shareLost: number;
  /** Of each replica: busy slots over slots, while it was up and calls waited. */
  busyWhileWaiting: number[];
  /** Requests that servers got, or that found none. */
  sent: number;
  /** Waits of calls before their next try. */
  waits: number;
  timeline: TimelineRow[];
}

/** All replicas at one time. */
export interface TimelineRow {
  atMs: number;
  replicas: (Pick<NonNullable<ModelStats['replicas']>[number], 'state' | 'limit' | 'outstanding'> & {
    running: number;
    waiting: number;
  })[];
}

/** Slots over time that a replica had while it was up. */
interface Capacity {
  upMs: number;
  slotMs: number;
  /** What it makes in that time when it is full. */
  tokens: number;
}

const TIMELINE_MS = 500;
/** What is not done by then never ends. */
const END_MS = 24 * 3_600_000;

/** Makes all calls at once, and lets time pass until the last one is answered. Rejects as the first call that fails. */
export async function runKilled(
  { clock, code }: KilledWorld,
  configs: readonly ServerConfig[],
  calls: readonly Call[],
  deaths: readonly Death[],
  told: { slots?: number; requestsInFlightMax?: number } = {},
): Promise<KilledResult> {
  const { createPool, TryFailure } = code;
  const servers = configs.map((config) =>
    simulatedServer(clock, config, (kind) => new TryFailure(kind, kind)),
  );
  const urls = servers.map((_, at) => `http://replica${at}/v1`);
  const pool = createPool({
    ...{ urls, requestsInFlightMax: 2048, headers: {}, clock, ...told },
    openStatus: ({ url }) => servers[urls.indexOf(url)]!.status,
  });
  const ended = new AbortController();
  const capacities = servers.map((): Capacity => ({ upMs: 0, slotMs: 0, tokens: 0 }));
  const isUp = servers.map(() => true);
  const awayBusyMs = servers.map(() => 0);
  let countedMs = 0;
  let sent = 0;
  let waits = 0;
  let draws = 0;
  let whileWaiting = { busyMs: servers.map(() => 0), slotMs: servers.map(() => 1) };

  /** What could have been made since the last change. */
  function count(): void {
    const passedMs = clock.nowMs() - countedMs;
    countedMs = clock.nowMs();
    servers.forEach(({ engine: { config } }, at) => {
      if (!isUp[at]) return;
      capacities[at]!.upMs += passedMs;
      capacities[at]!.slotMs += passedMs * config.slots;
      capacities[at]!.tokens += (passedMs * config.slots) / stepMsOf(config, config.slots);
    });
  }

  async function kill({ replica, atMs, forMs, how = 'unreachable', change }: Death): Promise<void> {
    await clock.sleep(atMs, ended.signal);
    const server = servers[replica]!;
    count();
    isUp[replica] = false;
    server.leave(how);
    const before = server.engine.totals.busyMs;
    await clock.sleep(forMs, ended.signal);
    count();
    isUp[replica] = true;
    server.comeBack(change);
    // What it ends while it is away is beside what it could do.
    awayBusyMs[replica]! += server.engine.totals.busyMs - before;
  }

  function note(): void {
    for (const { engine, nowMs } of servers) engine.advance(nowMs());
    if (pool.stats().queued === 0) return;
    count();
    whileWaiting = {
      busyMs: servers.map(({ engine }, at) => engine.totals.busyMs - awayBusyMs[at]!),
      slotMs: capacities.map(({ slotMs }) => slotMs),
    };
  }

  const timeline: TimelineRow[] = [];
  async function watch(): Promise<void> {
    for (;;) {
      timeline.push({
        atMs: clock.nowMs(),
        replicas: pool.replicas.map((each, at) => seen(each, servers[at]!)),
      });
      await clock.sleep(TIMELINE_MS, ended.signal);
    }
  }

  const retryOptions: RetryOptions = {
    ...{
      retriesMax: 5,
      unreachableMs: 600_000,
      unreachableFirstMs: 60_000,
      lastAnswer: pool.lastAnswer,
      clock,
    },
    ...{ failoversMax: servers.length, random: () => deriveUniform(1, 'retry', draws++) },
    onRetry: () => (waits += 1),
  };
  const ask = (call: Call, seq: number): Promise<void> =>
    code.withRetry(
      () =>
        pool.run(
          seq,
          ({ index }) => {
            note();
            sent += 1;
            return servers[index]!.answer(call);
          },
          { sequences: call.tokens.length },
        ),
      retryOptions,
    );
  const others = [...deaths.map(kill), watch()].map((work) => work.catch(() => undefined));
  await clock.until(Promise.all(calls.map(ask)), END_MS);
  const tookMs = clock.nowMs();
  count();
  ended.abort();
  await Promise.all([...others, ...servers.map((server) => server.close())]);
  await pool.close();
  const total = (of: 'tokens' | 'tokensWasted'): number =>
    servers.reduce((sum, { engine }) => sum + engine.totals[of], 0);
  const possible = capacities.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    ...{ tookMs, sent, waits, timeline },
    share: total('tokens') / possible,
    shareLost: total('tokensWasted') / possible,
    busyWhileWaiting: whileWaiting.busyMs.map((busyMs, at) => busyMs / whileWaiting.slotMs[at]!),
  };
}

function seen(
  replica: Pool['replicas'][number],
  { engine, nowMs }: SimulatedServer,
): TimelineRow['replicas'][number] {
  const { running, waiting } = engine.gauges(nowMs());
  return { ...replicaState(replica), running, waiting };
}
