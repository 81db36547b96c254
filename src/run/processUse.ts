import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What this process has used, of all its threads, but without the engines and servers that it started. */
export interface ProcessUse {
  /** Seconds of processor time since the watch began. */
  cpuS: number;
  /** The most memory that the process has held since it began. Files that it maps, as the store, count as far as they are read. */
  memoryPeakBytes: number;
  /** How long the event loop was held up: what comes in waits so long, and no request goes out. */
  eventLoop: { medianMs: number; p99Ms: number; maxMs: number };
}

/** Starts to watch this process. The watch ends with the call of what it gives. */
export type WatchProcess = () => () => ProcessUse;

const RESOLUTION_MS = 10;
const MS_PER_NS = 1e-6;

export function watchProcess(): () => ProcessUse {
  const before = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return () => {
    delay.disable();
    const { user, system } = process.cpuUsage(before);
    // It measures the time between two ticks of a timer: without a delay that is the resolution.
    const heldUpMs = (ns: number): number => rounded(Math.max(0, ns * MS_PER_NS - RESOLUTION_MS));
    return {
      cpuS: rounded((user + system) / 1e6),
      memoryPeakBytes: process.resourceUsage().maxRSS * 1024,
      eventLoop: {
        medianMs: heldUpMs(delay.percentile(50)),
        p99Ms: heldUpMs(delay.percentile(99)),
        maxMs: heldUpMs(delay.max),
      },
    };
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
