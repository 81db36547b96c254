import type { Clock } from '../../clock.js';
import { DOUBLING_POLL_PERIOD_MS, FIRST_POLL_PERIOD_MS, POLL_PERIOD_MS, SILENCE_MAX_MS } from '../limits.js';
import type { Limit } from './aimdLimit.js';
import { checkDueMs, eject, isWell } from './outlierEjection.js';
import { type Replica, takeBack } from './replica.js';

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
  /** Those of now: servers come and go. */
  replicas: readonly Replica[];
  hasWork: () => boolean;
  /** A limit, or a replica's health, may have changed. */
  onPolled: () => void;
}

export function createMetricsPoller(options: MetricsPollerOptions): MetricsPoller {
  const { replicas } = options;
  const polled = new Set<Replica>();

  async function loop(replica: Replica): Promise<void> {
    polled.add(replica);
    await pollWhileWorking(options, replica);
    polled.delete(replica);
  }

  return {
    start() {
      for (const replica of replicas) if (!polled.has(replica)) void loop(replica);
    },
  };
}

async function pollWhileWorking(options: MetricsPollerOptions, replica: Replica): Promise<void> {
  const { clock, signal, hasWork, onPolled } = options;
  let before = { answered: replica.answered, atMs: clock.nowMs() };
  const isWanted = (): boolean => hasWork() && !signal.aborted && !replica.hasLeft;
  while (isWanted()) {
    const periodMs = replica.health.isEjected ? FIRST_POLL_PERIOD_MS : pollPeriodMs(replica.limit);
    await clock.sleep(periodMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const rate = rateOf(before, replica, clock.nowMs());
    before = { answered: replica.answered, atMs: clock.nowMs() };
    await poll(options, replica, rate);
    onPolled();
  }
}

/** Until the next poll of a server that is well. */
export function pollPeriodMs({ isDoubling, isSettled }: Limit): number {
  if (isDoubling) return DOUBLING_POLL_PERIOD_MS;
  return isSettled ? POLL_PERIOD_MS : FIRST_POLL_PERIOD_MS;
}

/** Sequences that a replica has answered a second, since a moment before. */
function rateOf(before: { answered: number; atMs: number }, { answered }: Replica, nowMs: number): number {
  return nowMs > before.atMs ? ((answered - before.answered) * 1000) / (nowMs - before.atMs) : 0;
}

async function poll(options: MetricsPollerOptions, replica: Replica, answeredPerS: number): Promise<void> {
  const { clock, replicas } = options;
  const { status, health } = replica;
  if (!health.isEjected) {
    const { outstanding, calls } = replica;
    const load = await status.load();
    if (load === 'silent') return noteSilence(options, replica);
    replica.silentSinceMs = null;
    replica.limit.observe(load, { outstanding, calls, answeredPerS });
    return;
  }
  // While no other replica is well, it is not left alone.
  const isDue = clock.nowMs() >= checkDueMs(health) || !replicas.some((other) => isWell(other.health));
  if (!isDue || !(await status.isReachable())) return;
  // Meanwhile it may have answered a call.
  if (health.isEjected) takeBack(replica, clock.nowMs());
}

/**
 * A server that hangs takes connections, and its calls fail only at their deadlines. It gets no more of them while another one is
 * well and has answered meanwhile; those that it has may still be answered. Its limit stays as it is: a page that does not answer is
 * not one that is missing.
 */
function noteSilence({ clock, replicas }: MetricsPollerOptions, replica: Replica): void {
  const { health } = replica;
  const nowMs = clock.nowMs();
  replica.silentSinceMs ??= nowMs;
  const sinceMs = Math.max(replica.silentSinceMs, health.answeredMs);
  const isOther = ({ health: other }: Replica): boolean => isWell(other) && other.answeredMs > sinceMs;
  if (!health.isEjected && nowMs - sinceMs >= SILENCE_MAX_MS && replicas.some(isOther)) {
    eject(health, 'unreachable', nowMs);
  }
}
