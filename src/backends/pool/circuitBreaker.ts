import type { Clock } from '../../clock.js';
import { HALF_OPEN_FIRST_MS, HALF_OPEN_PERIOD_MAX_MS, HALF_OPEN_PERIOD_MS } from '../limits.js';

/**
 * `closed`: the server takes calls. `open`: it has refused some (429, 503) and gets none. `halfOpen`: it gets one call, the
 * half-open probe; an answer to it closes the circuit breaker.
 */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** The circuit breaker of one server (M. Nygard, Release It!). */
export interface CircuitBreaker {
  readonly state: BreakerState;
  /** The server refused a call, and asks to be left alone for so long. Tells whether that opened the circuit breaker. */
  refused(askedMs: number): boolean;
  /** A call goes out as the half-open probe. The next one may follow after a while, also if this one is not answered. */
  probing(): void;
  /** The server answered a call that began at `startedMs`. Tells whether that closed the circuit breaker. */
  answered(startedMs: number): boolean;
  /** The server is back: `halfOpen` if it must answer a call before it gets more than one, else `closed`. */
  reset(state: 'closed' | 'halfOpen'): void;
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
 * call of the many that wait: each second, or, where the server asks for hours, each minute.
 */
export function createCircuitBreaker({ clock, signal, onHalfOpen }: BreakerOptions): CircuitBreaker {
  let state: BreakerState = 'closed';
  let refusedMs = 0;
  let openings = 0;
  let periodMs = HALF_OPEN_PERIOD_MS;

  function openFor(waitMs: number): void {
    state = 'open';
    openings += 1;
    const opening = openings;
    const halfOpen = (): void => {
      if (state === 'open' && openings === opening) state = 'halfOpen';
      onHalfOpen();
    };
    void clock.sleep(waitMs, signal).then(halfOpen, () => undefined);
  }

  return {
    get state() {
      return state;
    },
    refused(askedMs) {
      refusedMs = clock.nowMs();
      periodMs = Math.max(HALF_OPEN_PERIOD_MS, Math.min(askedMs / 60, HALF_OPEN_PERIOD_MAX_MS));
      if (state !== 'closed') return false;
      openFor(Math.min(askedMs || HALF_OPEN_FIRST_MS, HALF_OPEN_PERIOD_MS));
      return true;
    },
    probing: () => openFor(periodMs),
    answered(startedMs) {
      // A call that the server took in before it began to refuse says nothing of what it takes now.
      if (state === 'closed' || startedMs < refusedMs) return false;
      state = 'closed';
      return true;
    },
    reset(next) {
      state = next;
      refusedMs = clock.nowMs();
    },
  };
}
