import { setTimeout as delay } from 'node:timers/promises';

/** Time. It is passed in wherever it matters, so that tests can control it. */
export interface Clock {
  /** Milliseconds since 1970 that never run backwards. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const originMs = performance.timeOrigin;

export const systemClock: Clock = {
  nowMs: () => originMs + performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/** Milliseconds since 1970 by the system's clock, for timestamps that people read. It may jump in either direction. */
export function wallNowMs(): number {
  return Date.now();
}
