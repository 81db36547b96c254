import type { FaultShares } from './faults.js';
import type { Job } from './engine.js';

/** What `GET /stats` gives. Times are real milliseconds since 1970. */
export interface EndpointStats {
  startedAtMs: number;
  nowMs: number;
  bucketMs: number;
  timeScale: number;
  /** By bucket since the start, in slot-milliseconds of real time. A dead server has no capacity. */
  busyMs: number[];
  capacityMs: number[];
  waitingMost: number[];
  /** Of the requests to the model. `byStatus` counts what was sent; `aborted` those whose client left before that. */
  requests: {
    total: number;
    byPath: Record<string, number>;
    byStatus: Record<string, number>;
    aborted: number;
    inFlight: number;
    inFlightMost: number;
    /** Had path, prompt, max_tokens, n and seed of an earlier one. */
    repeated: number;
  };
  faults: Record<keyof FaultShares | 'storm429', number>;
  sequences: { total: number; aborted: number; waitingMost: number };
  /** `cached`: prompt tokens that the prefix cache had; `made` by choices that ended; `wasted` on those that were aborted. */
  tokens: { prompt: number; cached: number; made: number; wasted: number };
  preemptions: number;
  deaths: number;
  connections: { opened: number; now: number; most: number };
  /** Of the server's process. */
  cpuMs: number;
  rssMb: number;
}

/** Busy slots over slots, 0 to 1, between two times; within a bucket they are taken as even. 0 without capacity. */
export function occupancyBetween(stats: EndpointStats, fromMs: number, toMs: number): number {
  let busyMs = 0;
  let capacityMs = 0;
  stats.busyMs.forEach((busy, at) => {
    const startMs = stats.startedAtMs + at * stats.bucketMs;
    // The last bucket is not over.
    const endMs = Math.min(startMs + stats.bucketMs, Math.max(stats.nowMs, startMs + 1));
    const share = Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, startMs)) / (endMs - startMs);
    busyMs += share * busy;
    capacityMs += share * stats.capacityMs[at]!;
  });
  return capacityMs > 0 ? busyMs / capacityMs : 0;
}

/** From `GET /jobs`: prompt tokens and tokens of each sequence that ended, by turns. */
export function jobsOf(flat: readonly number[]): Job[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => ({
    promptTokens: flat[at * 2]!,
    tokens: flat[at * 2 + 1]!,
  }));
}
