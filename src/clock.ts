import { setTimeout as delay } from 'node:timers/promises';

/** Time, handed in wherever it matters, so that tests can run it by hand. */
export interface Clock {
  /** Milliseconds since 1970 that never run backwards. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/** Milliseconds since 1970 as the system has them now: for what others read. May jump, in either direction, when it is set. */
export function wallNowMs(): number {
  return Date.now();
}
