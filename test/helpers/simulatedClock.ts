import type { Clock } from '../../src/clock.js';

/** A clock that jumps to the next sleeper whenever everything else has come to rest. */
export interface SimulatedClock extends Clock {
  /** Resolves or rejects as `work` does, letting time pass as needed; rejects if it is not done by `endMs`. */
  until<T>(work: Promise<T>, endMs?: number): Promise<T>;
}

interface Sleeper {
  wakeMs: number;
  wake: () => void;
}

/** Turns of the event loop without a sleeper before the work is taken to wait for nothing: work may yield that often. */
const IDLE_TURNS_MAX = 100;

export function simulatedClock(startMs = 0): SimulatedClock {
  let now = startMs;
  const sleepers = new Set<Sleeper>();

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = (): void => {
        sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { wakeMs: now + ms, wake };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', stop);
    });
  }

  /** The one to wake next; of two at one time the one that fell asleep first. */
  function next(): Sleeper | null {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers) if (first === null || sleeper.wakeMs < first.wakeMs) first = sleeper;
    return first;
  }

  async function until<T>(work: Promise<T>, endMs = Infinity): Promise<T> {
    let settled = false;
    let idleTurns = 0;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      await new Promise(setImmediate);
      if (settled) return work;
      const sleeper = next();
      if (!sleeper) {
        if (++idleTurns > IDLE_TURNS_MAX) throw new Error('the work waits for something, but nothing sleeps');
        continue;
      }
      idleTurns = 0;
      if (sleeper.wakeMs > endMs) throw new Error(`the work is not done after ${endMs - startMs} ms`);
      sleepers.delete(sleeper);
      now = Math.max(now, sleeper.wakeMs);
      sleeper.wake();
    }
  }

  return { nowMs: () => now, sleep, until };
}
