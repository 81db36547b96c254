import { type ErrorCode, RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import {
  type Backoff,
  BUSY_MS_DEFAULT,
  BUSY_SURE_MS,
  RECONNECT_BACKOFF,
  REFUSALS_MAX,
  RETRY_AFTER_MAX_MS,
  RETRY_BACKOFF,
} from '../limits.js';
import { type FailureKind, TryFailure } from './tryFailure.js';

/**
 * The one policy of what follows a try that failed:
 *
 * | failure | next try | costs a try | what ends the call |
 * |---|---|---|---|
 * | at one of several replicas, while another would take the call | there, at once | no | – |
 * | `busy` | after Retry-After and a backoff | no | busy for `busyMs`, or for a minute with a Retry-After beyond that |
 * | `reset`, the first one | at once | no | – |
 * | `reset`, `unreachable` | after a short backoff | only if the server answered others meanwhile | unreachable for `unreachableMs` |
 * | `absent` | after a short backoff | no | no server for `unreachableMs` |
 * | `server`, `reply`, `timeout` | after Retry-After and a backoff | yes | `retriesMax`, unless the server fails at all calls |
 *
 * Backoffs are exponential with full jitter, so that a thousand calls that failed together do not come back together.
 */
export interface RetryOptions {
  /** Tries after the first one, for failures that cost a try. */
  retriesMax: number;
  /** How long a server may be unreachable before the run ends. */
  unreachableMs: number;
  /** The same for a server that has not answered yet; as long unless given. */
  unreachableFirstMs?: number;
  /** How long a server may do nothing but refuse before the row, or the run, ends. */
  busyMs?: number;
  /** How often a call may go on to another replica between two waits: it may be what kills them. */
  failoversMax?: number;
  lastAnswer: LastAnswer;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Ends a wait at once, with its reason. */
  signal?: AbortSignal;
  /** Called before each wait. */
  onRetry?: (failure: TryFailure) => void;
}

/**
 * Asked when the tries of a call are used up: whether the server fails at this call alone. `sinceMs`: when its last try but one
 * failed. False gives the call new tries; a rejection ends it.
 */
export type FailsAlone = (sinceMs: number) => Promise<boolean>;

/** When the servers of a model last answered any call with anything but a refusal. This file alone writes it. */
export interface LastAnswer {
  atMs: number | undefined;
}

/** What one call has been through. */
interface History {
  /** Tries that cost one. */
  charged: number;
  /** Waits so far, and waits since the server was last reachable: each makes the next of its kind longer. */
  backoffs: number;
  reconnects: number;
  /** Since the last wait. */
  failovers: number;
  refusals: number;
  /** The one retry at once after a cut connection has been used. */
  hasReset: boolean;
  lastFailureMs: number;
  unreachableSinceMs: number | undefined;
  busySinceMs: number | undefined;
}

/**
 * Repeats `attempt` while it fails with a TryFailure and the policy allows another try. Any other error passes through. The
 * waits are outside `attempt`, so a slot that it takes is free meanwhile.
 *
 * Ends with RowError ROW_TIMEOUT, ROW_SERVER_ERROR or ROW_REPLY_INVALID when the tries are used up, unless `failsAlone` says
 * that the server failed at all calls and is well again; and with
 * ERR_MODEL_UNREACHABLE when the server was unreachable for `unreachableMs` or only busy for `busyMs`.
 */
export function withRetry<T>(
  attempt: () => Promise<T>,
  options: RetryOptions,
  failsAlone?: FailsAlone,
): Promise<T> {
  const { clock, lastAnswer } = options;
  const startedMs = clock.nowMs();
  // Most calls need no second try. For them a promise's own callbacks cost less than an async function.
  return attempt().then(
    (value) => {
      lastAnswer.atMs = clock.nowMs();
      return value;
    },
    (error: unknown) => tryAgain(attempt, options, newHistory(startedMs), error, failsAlone),
  );
}

/** After a first try that failed. */
async function tryAgain<T>(
  attempt: () => Promise<T>,
  options: RetryOptions,
  history: History,
  firstError: unknown,
  failsAlone: FailsAlone | undefined,
): Promise<T> {
  const { clock, lastAnswer } = options;
  let error = firstError;
  for (;;) {
    if (isAnswer(error)) lastAnswer.atMs = clock.nowMs();
    if (!(error instanceof TryFailure)) throw error;
    if (!failsOver(error, history, options)) await waitAfter(error, history, options, failsAlone);
    try {
      const value = await attempt();
      lastAnswer.atMs = clock.nowMs();
      return value;
    } catch (next) {
      error = next;
    }
  }
}

/** Whether a server said something, if not what was asked for. A refusal does not count. */
function isAnswer(error: unknown): boolean {
  if (error instanceof TryFailure) return error.kind === 'server' || error.kind === 'reply';
  return error instanceof RowError;
}

/** Whether the next try goes to another replica at once. */
function failsOver(failure: TryFailure, history: History, options: RetryOptions): boolean {
  const { failoversMax = 0, signal } = options;
  if (!failure.canFailOver || signal?.aborted) return false;
  if (failure.kind === 'busy') return history.refusals++ < REFUSALS_MAX;
  return history.failovers++ < failoversMax;
}

/** Waits until the next try; throws what the caller gets if there is none. */
async function waitAfter(
  failure: TryFailure,
  history: History,
  options: RetryOptions,
  failsAlone: FailsAlone | undefined,
): Promise<void> {
  const { clock, signal, onRetry } = options;
  history.failovers = 0;
  history.refusals = 0;
  if (failure.kind === 'reset' && !history.hasReset) {
    history.hasReset = true;
    return;
  }
  const nowMs = clock.nowMs();
  const waitMs = await waitOf(failure, history, options, nowMs, failsAlone);
  history.lastFailureMs = nowMs;
  onRetry?.(failure);
  await clock.sleep(waitMs, signal);
}

async function waitOf(
  failure: TryFailure,
  history: History,
  options: RetryOptions,
  nowMs: number,
  failsAlone: FailsAlone | undefined,
): Promise<number> {
  try {
    return WAITS[failure.kind](failure, history, options, nowMs);
  } catch (error) {
    const isUsedUp = error instanceof RowError && history.charged > options.retriesMax;
    // A reply with a code of its own is an answer, if a bad one.
    if (!isUsedUp || failure.code !== undefined || failsAlone === undefined) throw error;
    options.onRetry?.(failure);
    if (await failsAlone(history.lastFailureMs)) throw error;
    history.charged = 0;
    history.backoffs = 0;
    return 0;
  }
}

function newHistory(startedMs: number): History {
  return {
    charged: 0,
    backoffs: 0,
    reconnects: 0,
    failovers: 0,
    refusals: 0,
    hasReset: false,
    lastFailureMs: startedMs,
    unreachableSinceMs: undefined,
    busySinceMs: undefined,
  };
}

/** How long to wait after a failure; throws what the caller gets if that was the last try. */
type Wait = (failure: TryFailure, history: History, options: RetryOptions, nowMs: number) => number;

const WAITS: Record<FailureKind, Wait> = {
  busy: waitBusy,
  reset: waitUnreachable,
  unreachable: waitUnreachable,
  absent: waitAbsent,
  server: waitAnswered,
  reply: waitAnswered,
  timeout: waitTimedOut,
};

function waitBusy(failure: TryFailure, history: History, options: RetryOptions, nowMs: number): number {
  const { busyMs = BUSY_MS_DEFAULT, lastAnswer } = options;
  const sinceMs = (history.busySinceMs ??= nowMs);
  const heldMs = nowMs - sinceMs;
  noteReachable(history);
  const wereOthersServed = (lastAnswer.atMs ?? -Infinity) > sinceMs;
  // Nobody waits for a quota of tomorrow with a busyMs of minutes; but one refusal may be a slip.
  const isTooLate =
    failure.askedMs > RETRY_AFTER_MAX_MS && heldMs >= BUSY_SURE_MS && heldMs + failure.askedMs > busyMs;
  if (heldMs < busyMs && (wereOthersServed || !isTooLate)) {
    return failure.retryAfterMs + backoffMs(RETRY_BACKOFF, history.backoffs++, options);
  }
  const message = `${failure.message}, and nothing else for ${seconds(heldMs)}`;
  // It is this row that the server does not want.
  if (wereOthersServed) throw new RowError('ROW_SERVER_ERROR', message, { mayDiffer: true });
  throw busyError(message, failure, nowMs);
}

function busyError(message: string, { askedMs }: TryFailure, nowMs: number): ScaleQuestError {
  if (askedMs <= RETRY_AFTER_MAX_MS) {
    const advice = 'lower requestsInFlightMax, or wait for longer with busyMs';
    return new ScaleQuestError('ERR_MODEL_UNREACHABLE', `${message}; ${advice}`);
  }
  const opensAt = new Date(nowMs + askedMs).toISOString();
  const advice = 'run again then: what is done is kept. With a larger busyMs the run waits for it';
  return new ScaleQuestError(
    'ERR_MODEL_UNREACHABLE',
    `${message}; ${openingText(askedMs, nowMs)}; ${advice}`,
    {
      data: { opensAt },
    },
  );
}

/** What a server that is closed for long says of its opening. */
function openingText(askedMs: number, nowMs: number): string {
  const [count, unit] = askedMs < 7_200_000 ? [askedMs / 60_000, 'minutes'] : [askedMs / 3_600_000, 'hours'];
  const opensAt = new Date(nowMs + askedMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return `it opens again in ${Math.round(count * 10) / 10} ${unit}, at ${opensAt}`;
}

/** What to show while a call waits for its next try. */
export function troubleText({ message, askedMs }: TryFailure, nowMs: number): string {
  return askedMs > RETRY_AFTER_MAX_MS ? `${message}; ${openingText(askedMs, nowMs)}` : message;
}

function waitUnreachable(
  failure: TryFailure,
  history: History,
  options: RetryOptions,
  nowMs: number,
): number {
  const answeredMs = options.lastAnswer.atMs ?? -Infinity;
  history.busySinceMs = undefined;
  // It has answered others since our last try, so it is reachable. A row that kills its worker must not be tried for ever.
  if (answeredMs > history.lastFailureMs) {
    noteReachable(history);
    return waitCharged(failure, history, options);
  }
  return waitAbsent(failure, history, options, nowMs);
}

/** Where no server is there, no row can be what keeps it away. */
function waitAbsent(failure: TryFailure, history: History, options: RetryOptions, nowMs: number): number {
  const unreachableMs = unreachableMsOf(options);
  const answeredMs = options.lastAnswer.atMs ?? -Infinity;
  history.unreachableSinceMs ??= nowMs;
  const leftMs = Math.max(history.unreachableSinceMs, answeredMs) + unreachableMs - nowMs;
  if (leftMs > 0) return Math.min(leftMs, backoffMs(RECONNECT_BACKOFF, history.reconnects++, options));
  throw new ScaleQuestError(
    'ERR_MODEL_UNREACHABLE',
    `${failure.message}, for ${seconds(unreachableMs)}; start the server or correct its address, then run again`,
    { cause: failure.cause },
  );
}

function unreachableMsOf({ lastAnswer, unreachableMs, unreachableFirstMs }: RetryOptions): number {
  return lastAnswer.atMs === undefined ? (unreachableFirstMs ?? unreachableMs) : unreachableMs;
}

function noteReachable(history: History): void {
  history.unreachableSinceMs = undefined;
  history.reconnects = 0;
}

function waitAnswered(failure: TryFailure, history: History, options: RetryOptions): number {
  noteReachable(history);
  history.busySinceMs = undefined;
  return waitCharged(failure, history, options);
}

/** The server took the connection, so it is reachable, though it said nothing. */
function waitTimedOut(failure: TryFailure, history: History, options: RetryOptions): number {
  noteReachable(history);
  return waitCharged(failure, history, options);
}

function waitCharged(failure: TryFailure, history: History, options: RetryOptions): number {
  history.charged++;
  if (history.charged <= options.retriesMax) {
    return failure.retryAfterMs + backoffMs(RETRY_BACKOFF, history.backoffs++, options);
  }
  throw new RowError(
    failure.code ?? EXHAUSTED[failure.kind],
    `${failure.message}, after ${history.charged} tries`,
    {
      cause: failure.cause,
      mayDiffer: true,
    },
  );
}

const EXHAUSTED: Record<FailureKind, ErrorCode> = {
  busy: 'ROW_SERVER_ERROR',
  server: 'ROW_SERVER_ERROR',
  reset: 'ROW_SERVER_ERROR',
  unreachable: 'ROW_SERVER_ERROR',
  absent: 'ROW_SERVER_ERROR',
  timeout: 'ROW_TIMEOUT',
  reply: 'ROW_REPLY_INVALID',
};

/** Exponential with full jitter. */
function backoffMs({ firstMs, maxMs }: Backoff, before: number, { random }: RetryOptions): number {
  return random() * Math.min(maxMs, firstMs * 2 ** before);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
