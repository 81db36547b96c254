import { openSync, readSync } from 'node:fs';

/**
 * How long the event loop is held up at a time, in processor time of this thread. On a machine that does nothing else that is
 * the delay; on one that others share, the delay is longer by the time that they take, and this is not.
 */
export interface HeldUp {
  p99Ms: number;
  maxMs: number;
  /** Of `ticks`. */
  over30Ms: number;
  ticks: number;
}

const TICK_MS = 10;

/** Watches the main thread, which calls it, until what it gives is called. Null where the system does not tell. */
export function watchHeldUp(): (() => HeldUp) | null {
  const cpuMs = threadCpu();
  if (!cpuMs) return null;
  const held: number[] = [];
  let before = cpuMs();
  const timer = setInterval(() => {
    const now = cpuMs();
    // Two ticks lie this far apart while nothing holds the loop, however busy the thread is.
    held.push(Math.max(0, now - before - TICK_MS));
    before = now;
  }, TICK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    const sorted = held.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return {
      p99Ms: at(0.99),
      maxMs: at(1),
      over30Ms: held.filter((ms) => ms > 30).length,
      ticks: held.length,
    };
  };
}

function threadCpu(): (() => number) | null {
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const text = Buffer.alloc(64);
    return () => Number(text.toString('latin1', 0, readSync(file, text, 0, 64, 0)).split(' ', 1)[0]) / 1e6;
  } catch {
    return null;
  }
}
