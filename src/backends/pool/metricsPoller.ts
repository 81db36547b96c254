import type { Clock } from '../../clock.js';
import { FIRST_POLLS_MAX, FIRST_POLL_PERIOD_MS, POLL_PERIOD_MS } from '../limits.js';
import { checkDueMs, isWell } from './outlierEjection.js';
import { type Replica, takeBack } from './replica.js';
import type { StatusClient } from './statusClient.js';

/**
 * Polls each replica once a second while there is work: for its load, which steers its limit, or, while it is ejected, for
 * whether it is back. Each has a loop of its own: one that does not answer must not keep us from polling the others.
 */
export interface MetricsPoller {
  /** Starts the loops that do not run. Each ends by itself when there is no work. */
  start(): void;
}

export interface MetricsPollerOptions {
  clock: Clock;
  /** Ends all loops. */
  signal: AbortSignal;
  replicas: readonly Replica[];
  /** One for each replica. */
  statusClients: readonly StatusClient[];
  hasWork: () => boolean;
  /** A limit, or a replica's health, may have changed. */
  onPolled: () => void;
}

export function createMetricsPoller(options: MetricsPollerOptions): MetricsPoller {
  const { replicas } = options;
  const isPolled = replicas.map(() => false);
  let loops = 0;

  async function loop(replica: Replica): Promise<void> {
    isPolled[replica.index] = true;
    loops += 1;
    await pollWhileWorking(options, replica);
    isPolled[replica.index] = false;
    loops -= 1;
  }

  return {
    start() {
      if (loops === replicas.length) return;
      for (const replica of replicas) if (!isPolled[replica.index]) void loop(replica);
    },
  };
}

async function pollWhileWorking(options: MetricsPollerOptions, replica: Replica): Promise<void> {
  const { clock, signal, hasWork, onPolled } = options;
  let before = { answered: replica.answered, atMs: clock.nowMs() };
  for (let polls = 0; hasWork() && !signal.aborted; polls++) {
    const isSettled = polls > FIRST_POLLS_MAX || replica.limit.isSettled;
    const periodMs = isSettled ? POLL_PERIOD_MS : FIRST_POLL_PERIOD_MS;
    await clock.sleep(periodMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const rate = rateOf(before, replica, clock.nowMs());
    before = { answered: replica.answered, atMs: clock.nowMs() };
    await poll(options, replica, rate);
    onPolled();
  }
}

/** Sequences that a replica has answered a second, since a moment before. */
function rateOf(before: { answered: number; atMs: number }, { answered }: Replica, nowMs: number): number {
  return nowMs > before.atMs ? ((answered - before.answered) * 1000) / (nowMs - before.atMs) : 0;
}

async function poll(options: MetricsPollerOptions, replica: Replica, answeredPerS: number): Promise<void> {
  const { clock, replicas, statusClients } = options;
  const status = statusClients[replica.index]!;
  if (!replica.health.isEjected) {
    const { outstanding, calls } = replica;
    replica.limit.observe(await status.load(), { outstanding, calls, answeredPerS });
    return;
  }
  // While no other replica is well, it is not left alone.
  const isDue = clock.nowMs() >= checkDueMs(replica.health) || !replicas.some(({ health }) => isWell(health));
  if (!isDue || !(await status.isReachable())) return;
  // Meanwhile it may have answered a call.
  if (replica.health.isEjected) takeBack(replica, clock.nowMs());
}
