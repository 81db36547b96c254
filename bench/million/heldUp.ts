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
/** Delays are counted in steps of this; longer ones than LONGEST_MS count as that, but for the longest of all. */
const STEP_MS = 0.1;
const LONGEST_MS = 2000;

/** Watches the main thread, which calls it. What it gives tells the figures so far. Null where the system does not tell. */
export function watchHeldUp(): (() => HeldUp) | null {
  const cpuMs = threadCpu();
  if (!cpuMs) return null;
  const counts = new Uint32Array(LONGEST_MS / STEP_MS + 1);
  let [ticks, over30Ms, maxMs] = [0, 0, 0];
  let before = cpuMs();
  const timer = setInterval(() => {
    const now = cpuMs();
    // Two ticks lie this far apart while nothing holds the loop, however busy the thread is.
    const heldMs = Math.max(0, now - before - TICK_MS);
    before = now;
    counts[Math.min(counts.length - 1, Math.floor(heldMs / STEP_MS))]! += 1;
    ticks += 1;
    if (heldMs > 30) over30Ms += 1;
    maxMs = Math.max(maxMs, heldMs);
  }, TICK_MS);
  timer.unref();
  return () => ({ p99Ms: percentileMs(counts, 0.99 * ticks), maxMs, over30Ms, ticks });
}

function percentileMs(counts: Uint32Array, rank: number): number {
  let below = 0;
  const at = counts.findIndex((count) => (below += count) > rank);
  return Math.max(0, at) * STEP_MS;
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
