import type { Clock } from '../../src/clock.js';
import type { Pool, PoolOptions } from '../../src/backends/pool/pool.js';
import { deriveSeed } from '../../src/random.js';
import { type EngineConfig, createEngine } from '../endpoint/engine.js';
import { createLag } from '../endpoint/metrics.js';
import { type Lengths, draftOf } from '../endpoint/texts.js';

/**
 * A pool over one simulated server in virtual time: the real pool, the server's engine and its metrics page, and a network
 * between them that takes a moment each way. Whatever the machine does meanwhile, the result is the same.
 */
export interface Call {
  /** Tokens of each of its sequences. */
  tokens: readonly number[];
  promptTokens: number;
}

export interface World {
  clock: Clock & { until<T>(work: Promise<T>): Promise<T> };
  createPool: (options: PoolOptions) => Pool;
}

export interface Server extends Partial<EngineConfig> {
  slots: number;
  /** One way. */
  latencyMs: number;
  /** Age of what the page says. */
  metricsLagMs: number;
}

export interface MixedResult {
  tookMs: number;
  /** Busy slots over slots, until the last call was sent. */
  busyWhileWaiting: number;
  /** Most sequences that were outstanding at once. */
  sequencesMost: number;
}

/** How many calls there are of each kind. */
export interface Mix {
  /** Of five choices. */
  five: number;
  one: number;
  oneToken: number;
}

const LENGTHS: Lengths = { meanTokens: 190, sigma: 0.4, capTokens: 320 };
const CHOICES = 5;

/** The calls of a mix in an order drawn from the seed. */
export function drawCalls({ five, one, oneToken }: Mix, seed: number, lengths = LENGTHS): Call[] {
  const sizes = [
    ...Array.from({ length: five }, () => CHOICES),
    ...Array.from({ length: one }, () => 1),
    ...Array.from({ length: oneToken }, () => 0),
  ];
  const ranks = sizes.map((_, at) => deriveSeed(seed, 'order', at));
  const order = sizes.map((_, at) => at).sort((a, b) => ranks[a]! - ranks[b]!);
  return order.map((at) => {
    const drawn = Array.from({ length: sizes[at]! }, (_, choice) =>
      draftOf(lengths, deriveSeed(seed, 'length', at, choice), 4096),
    );
    return { promptTokens: 60, tokens: drawn.length > 0 ? drawn.map(({ tokens }) => tokens) : [1] };
  });
}

/** Makes all calls at once, and lets time pass until the last one is answered. */
export async function runMixed(
  { clock, createPool }: World,
  { latencyMs, metricsLagMs, ...config }: Server,
  calls: readonly Call[],
  told: { slots?: number; requestsInFlightMax?: number } = {},
): Promise<MixedResult> {
  const engine = createEngine(config);
  const lag = createLag();
  const ended = new AbortController();
  let rearm = new AbortController();
  const pool = createPool({
    ...{ urls: ['http://server/v1'], requestsInFlightMax: 2048, headers: {}, clock, ...told },
    openStatus: () => ({
      load: async () => {
        await clock.sleep(latencyMs);
        return lag.at(clock.nowMs() - metricsLagMs);
      },
      isReachable: async () => true,
      isReady: async () => true,
      close: async () => undefined,
    }),
  });

  /** Wakes at the engine's next event; a request may bring that forward. */
  async function drive(): Promise<void> {
    while (!ended.signal.aborted) {
      const waitMs = Math.min(1e9, engine.nextEventMs() - clock.nowMs());
      await clock.sleep(Math.max(0, waitMs), rearm.signal).catch(() => undefined);
      rearm = new AbortController();
      engine.advance(clock.nowMs());
    }
  }

  async function sample(): Promise<void> {
    while (!ended.signal.aborted) {
      lag.note(clock.nowMs(), engine.published(clock.nowMs()));
      await clock.sleep(20, ended.signal).catch(() => undefined);
    }
  }

  async function answer({ tokens, promptTokens }: Call): Promise<void> {
    await clock.sleep(latencyMs);
    await new Promise<void>((resolve) => {
      const jobs = tokens.map((count) => ({ promptTokens, tokens: count }));
      engine.submit(jobs, clock.nowMs(), () => resolve());
      rearm.abort();
    });
    await clock.sleep(latencyMs);
  }

  let left = calls.length;
  let busyWhileWaiting = 0;
  let sequencesMost = 0;
  const begin = (call: Call): Promise<void> => {
    left -= 1;
    engine.advance(clock.nowMs());
    const { outstanding } = pool.stats().replicas[0]!;
    sequencesMost = Math.max(sequencesMost, outstanding);
    if (left === 0) busyWhileWaiting = engine.totals.busyMs / (engine.config.slots * clock.nowMs());
    return answer(call);
  };
  const driving = [drive(), sample()];
  const asked = calls.map((call, seq) => pool.run(seq, () => begin(call), { sequences: call.tokens.length }));
  await clock.until(Promise.all(asked));
  const tookMs = clock.nowMs();
  ended.abort();
  rearm.abort();
  await Promise.all(driving);
  await pool.close();
  return { tookMs, busyWhileWaiting, sequencesMost };
}
