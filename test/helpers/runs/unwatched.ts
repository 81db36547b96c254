import type { WatchProcess } from '../../../src/run/processUse.js';

/** A process that nobody watches: simulations have no time of their own to measure. */
export const unwatched: WatchProcess = () => () => ({
  cpuS: 0,
  memoryPeakBytes: 0,
  eventLoop: { medianMs: 0, p99Ms: 0, maxMs: 0 },
});
