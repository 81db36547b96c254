import type { Clock } from '../../src/clock.js';
import type { Pool, PoolOptions } from '../../src/backends/pool/pool.js';
import { deriveSeed } from '../../src/random.js';
import { type Lengths, draftOf } from '../endpoint/texts.js';
import { type Call, type ServerConfig, simulatedServer } from './simulatedServer.js';

export interface World {
  clock: Clock & { until<T>(work: Promise<T>): Promise<T> };
  createPool: (options: PoolOptions) => Pool;
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

/** Makes all calls at once to one simulated server, and lets time pass until the last one is answered. */
export async function runMixed(
  { clock, createPool }: World,
  config: ServerConfig,
  calls: readonly Call[],
  told: { slots?: number; requestsInFlightMax?: number } = {},
): Promise<MixedResult> {
  const server = simulatedServer(clock, config);
  const { engine } = server;
  const pool = createPool({
    ...{ urls: ['http://server/v1'], requestsInFlightMax: 2048, headers: {}, clock, ...told },
    openStatus: () => server.status,
  });
  let left = calls.length;
  let busyWhileWaiting = 0;
  let sequencesMost = 0;
  const begin = (call: Call): Promise<void> => {
    left -= 1;
    engine.advance(clock.nowMs());
    const { outstanding } = pool.stats().replicas[0]!;
    sequencesMost = Math.max(sequencesMost, outstanding);
    if (left === 0) busyWhileWaiting = engine.totals.busyMs / (engine.config.slots * clock.nowMs());
    return server.answer(call);
  };
  const asked = calls.map((call, seq) => pool.run(seq, () => begin(call), { sequences: call.tokens.length }));
  await clock.until(Promise.all(asked));
  const tookMs = clock.nowMs();
  await server.close();
  await pool.close();
  return { tookMs, busyWhileWaiting, sequencesMost };
}
