import { type ErrorCode, RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';

/**
 * Why one try failed in a way that another may not:
 * - `busy`: the server asks to come back later (429, 503). Costs waiting, not a try.
 * - `server`: it failed (500, 502, 504 …). `timeout`: no whole reply within the deadline. `reply`: a broken one.
 * - `reset`: the connection was cut before a reply began: often a kept-alive one that the server had just given up.
 * - `unreachable`: no connection.
 */
export type FailureKind = 'busy' | 'server' | 'timeout' | 'reply' | 'reset' | 'unreachable';

export class TryFailure extends Error {
  readonly kind: FailureKind;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number;

  /** `message` names the model and the server, and says what happened; it never holds a key. */
  constructor(kind: FailureKind, message: string, details: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.name = 'TryFailure';
    this.kind = kind;
    this.retryAfterMs = Math.min(details.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  }
}

/** What all calls to one server know together. */
export interface ServerHealth {
  /** When the server last answered anything but `busy`. */
  answeredMs: number | undefined;
}

export interface RetryOptions {
  /** Tries after the first, for failures that cost a try. */
  retriesMax: number;
  /** How long a server may be away before the run ends. */
  unreachableMs: number;
  /** How long it may be nothing but busy before the row, or the run, ends. */
  busyMs?: number;
  health: ServerHealth;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Ends a wait at once, with its reason. */
  signal?: AbortSignal;
  onRetry?: (failure: TryFailure) => void;
}

const BUSY_MS = 600_000;
const RETRY_AFTER_MAX_MS = 60_000;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };
const RECONNECT = { firstMs: 100, maxMs: 2_000 };

/** What one call has been through. */
interface History {
  charged: number;
  /** Waits so far, and waits since the server was last there: each makes the next of its kind longer. */
  backoffs: number;
  reconnects: number;
  /** The one silent retry of a cut connection is used up. */
  resetOnce: boolean;
  lastFailureMs: number;
  awaySinceMs: number | undefined;
  busySinceMs: number | undefined;
}

/**
 * Repeats `call` while it fails with a TryFailure and there is hope; any other error passes through. Waits between
 * tries are exponential with full jitter, so that a thousand calls that failed together do not come back together.
 * The wait is outside `call`: a slot that `call` takes is free meanwhile.
 *
 * Ends with RowError ROW_TIMEOUT, ROW_SERVER_ERROR or ROW_REPLY_INVALID when the tries are used up, and with
 * ERR_MODEL_UNREACHABLE when the server was away for `unreachableMs` or only busy for `busyMs`.
 */
export function withRetry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, health } = options;
  const startedMs = clock.nowMs();
  // Most calls need no second try: a promise's own ways cost them less than an async function's.
  return call().then(
    (value) => {
      health.answeredMs = clock.nowMs();
      return value;
    },
    (error: unknown) => tryAgain(call, options, newHistory(startedMs), error),
  );
}

/** After a first try that failed. */
async function tryAgain<T>(
  call: () => Promise<T>,
  options: RetryOptions,
  history: History,
  firstError: unknown,
): Promise<T> {
  const { clock, health } = options;
  let error = firstError;
  for (;;) {
    if (error instanceof RowError) health.answeredMs = clock.nowMs();
    if (!(error instanceof TryFailure)) throw error;
    await waitAfter(error, history, options);
    try {
      const value = await call();
      health.answeredMs = clock.nowMs();
      return value;
    } catch (next) {
      error = next;
    }
  }
}

/** Until the next try; throws what the caller gets if there is none. */
async function waitAfter(failure: TryFailure, history: History, options: RetryOptions): Promise<void> {
  const { clock, signal, onRetry } = options;
  if (failure.kind === 'reset' && !history.resetOnce) {
    history.resetOnce = true;
    return;
  }
  const waitMs = nextWaitMs(failure, history, options);
  onRetry?.(failure);
  await clock.sleep(waitMs, signal);
}

function newHistory(startedMs: number): History {
  return {
    charged: 0,
    backoffs: 0,
    reconnects: 0,
    resetOnce: false,
    lastFailureMs: startedMs,
    awaySinceMs: undefined,
    busySinceMs: undefined,
  };
}

/** How long to wait before the next try; throws what the caller gets if there is none. */
function nextWaitMs(failure: TryFailure, history: History, options: RetryOptions): number {
  const nowMs = options.clock.nowMs();
  const waitMs = WAITS[failure.kind](failure, history, options, nowMs);
  history.lastFailureMs = nowMs;
  return waitMs;
}

type Wait = (failure: TryFailure, history: History, options: RetryOptions, nowMs: number) => number;

const WAITS: Record<FailureKind, Wait> = {
  busy: waitBusy,
  reset: waitAway,
  unreachable: waitAway,
  server: waitAnswered,
  reply: waitAnswered,
  timeout: waitSilent,
};

function waitBusy(failure: TryFailure, history: History, options: RetryOptions, nowMs: number): number {
  const { busyMs = BUSY_MS, health } = options;
  const sinceMs = (history.busySinceMs ??= nowMs);
  isThere(history);
  if (nowMs - sinceMs < busyMs) {
    return failure.retryAfterMs + backoffMs(BACKOFF, history.backoffs++, options);
  }
  const message = `${failure.message}, and nothing else for ${seconds(busyMs)}`;
  // Others were served meanwhile: it is this row that the server does not want.
  if ((health.answeredMs ?? -Infinity) > sinceMs) throw new RowError('ROW_SERVER_ERROR', message);
  throw new ScaleQuestError('ERR_MODEL_UNREACHABLE', `${message}; lower requestsInFlightMax, or wait`);
}

function waitAway(failure: TryFailure, history: History, options: RetryOptions, nowMs: number): number {
  const { health, unreachableMs } = options;
  const answeredMs = health.answeredMs ?? -Infinity;
  history.busySinceMs = undefined;
  // It answered others since our last try, so it is there: a row that kills its worker must not be tried for ever.
  if (answeredMs > history.lastFailureMs) {
    isThere(history);
    return waitCharged(failure, history, options);
  }
  history.awaySinceMs ??= nowMs;
  const leftMs = Math.max(history.awaySinceMs, answeredMs) + unreachableMs - nowMs;
  if (leftMs > 0) return Math.min(leftMs, backoffMs(RECONNECT, history.reconnects++, options));
  throw new ScaleQuestError(
    'ERR_MODEL_UNREACHABLE',
    `${failure.message}, for ${seconds(unreachableMs)}; start the server or correct its address, then run again`,
    { cause: failure.cause },
  );
}

function isThere(history: History): void {
  history.awaySinceMs = undefined;
  history.reconnects = 0;
}

function waitAnswered(failure: TryFailure, history: History, options: RetryOptions, nowMs: number): number {
  options.health.answeredMs = nowMs;
  isThere(history);
  history.busySinceMs = undefined;
  return waitCharged(failure, history, options);
}

/** It took the connection, so it is there, though it said nothing. */
function waitSilent(failure: TryFailure, history: History, options: RetryOptions): number {
  isThere(history);
  return waitCharged(failure, history, options);
}

function waitCharged(failure: TryFailure, history: History, options: RetryOptions): number {
  history.charged++;
  if (history.charged <= options.retriesMax) {
    return failure.retryAfterMs + backoffMs(BACKOFF, history.backoffs++, options);
  }
  throw new RowError(EXHAUSTED[failure.kind], `${failure.message}, after ${history.charged} tries`, {
    cause: failure.cause,
  });
}

const EXHAUSTED: Record<FailureKind, ErrorCode> = {
  busy: 'ROW_SERVER_ERROR',
  server: 'ROW_SERVER_ERROR',
  reset: 'ROW_SERVER_ERROR',
  unreachable: 'ROW_SERVER_ERROR',
  timeout: 'ROW_TIMEOUT',
  reply: 'ROW_REPLY_INVALID',
};

/** Exponential with full jitter. */
function backoffMs(
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  before: number,
  { random }: RetryOptions,
): number {
  return random() * Math.min(maxMs, firstMs * 2 ** before);
}

/** The value of a `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date); 0 if there is none that can be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? 0 : Math.max(0, dateMs - nowMs);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
