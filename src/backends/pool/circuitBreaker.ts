import type { Clock } from '../../clock.js';
import { HALF_OPEN_FIRST_MS, HALF_OPEN_PERIOD_MAX_MS, HALF_OPEN_PERIOD_MS } from '../limits.js';

/**
 * `closed`: the server takes calls. `open`: it has refused some (429, 503) and gets none. `halfOpen`: it gets a call, the
 * half-open probe; an answer to it closes the circuit breaker.
 */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

/**
 * How many probes go out together. `doubling`: twice as many as before, as long as none has come to nothing. `single`: one at a
 * time, for a server that takes calls and never answers them.
 */
export type Probes = 'doubling' | 'single';

/** The circuit breaker of one server (M. Nygard, Release It!). */
export interface CircuitBreaker {
  readonly state: BreakerState;
  /** The server refused a call, and asks to be left alone for so long. Tells whether that opened the circuit breaker. */
  refused(askedMs: number): boolean;
  /** A call came to nothing otherwise. */
  failed(): void;
  /** A call goes out as a half-open probe. The next one may follow after a while, also if this one is not answered. */
  probing(): void;
  /** The server answered a call that began at `startedMs`. Tells whether that closed the circuit breaker. */
  answered(startedMs: number): boolean;
  /** The server is back: `halfOpen` if it must answer a call before it gets all, else `closed`. */
  reset(state: 'closed' | 'halfOpen', probes?: Probes): void;
}

export interface BreakerOptions {
  clock: Clock;
  /** Ends all timers. */
  signal: AbortSignal;
  /** The server may be given a probe now. */
  onHalfOpen: () => void;
}

/**
 * What Retry-After asks for holds for the refused call. Whether the server takes calls again is found out sooner, by one
 * call of the many that wait: each second, or, where the server asks for hours, each minute. A refusal comes at once and an
 * answer takes as long as it is, so a probe that was not refused within that time is followed by two, by four, and so on: a server
 * of long answers does not stand idle until the first of them is whole.
 */
export function createCircuitBreaker({ clock, signal, onHalfOpen }: BreakerOptions): CircuitBreaker {
  let state: BreakerState = 'closed';
  let refusedMs = 0;
  let openings = 0;
  let periodMs = HALF_OPEN_PERIOD_MS;
  const round = createRound();

  function halfOpenAfter(waitMs: number): void {
    openings += 1;
    const opening = openings;
    const halfOpen = (): void => {
      if (state !== 'closed' && openings === opening) {
        round.next();
        state = 'halfOpen';
      }
      onHalfOpen();
    };
    void clock.sleep(waitMs, signal).then(halfOpen, () => undefined);
  }

  function failed(): void {
    round.failed();
    if (state === 'halfOpen' && round.sent > 0) state = 'open';
  }

  return {
    get state() {
      return state;
    },
    refused(askedMs) {
      refusedMs = clock.nowMs();
      periodMs = Math.max(HALF_OPEN_PERIOD_MS, Math.min(askedMs / 60, HALF_OPEN_PERIOD_MAX_MS));
      failed();
      if (state !== 'closed') return false;
      state = 'open';
      round.reset('doubling');
      halfOpenAfter(Math.min(askedMs || HALF_OPEN_FIRST_MS, HALF_OPEN_PERIOD_MS));
      return true;
    },
    failed,
    probing() {
      if (round.sent === 0) halfOpenAfter(periodMs);
      if (round.send()) state = 'open';
    },
    answered(startedMs) {
      // A call that the server took in before it began to refuse says nothing of what it takes now.
      if (state === 'closed' || startedMs < refusedMs) return false;
      state = 'closed';
      return true;
    },
    reset(next, how = 'doubling') {
      state = next;
      refusedMs = clock.nowMs();
      // The timers from before tell nothing now.
      openings += 1;
      round.reset(how);
    },
  };
}

/** The probes of one period. */
interface Round {
  readonly sent: number;
  /** Tells whether that was its last. */
  send(): boolean;
  failed(): void;
  next(): void;
  /** Begins with one. */
  reset(probes: Probes): void;
}

function createRound(): Round {
  let probes: Probes = 'doubling';
  let width = 1;
  let sent = 0;
  /** A probe has come to nothing since the first of this period. */
  let isInVain = false;
  return {
    get sent() {
      return sent;
    },
    send() {
      if (sent === 0) isInVain = false;
      sent += 1;
      return sent >= width;
    },
    failed: () => void (isInVain = true),
    next() {
      width = isInVain || probes === 'single' ? 1 : width * 2;
      sent = 0;
    },
    reset(next) {
      probes = next;
      width = 1;
      sent = 0;
    },
  };
}
