import type { Durations } from '../model.js';

/** The upper ends of the buckets, in seconds: from a score of one token to a thought of many thousand. Behind the last is one more. */
export const DURATION_BOUNDS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500] as const;

/** Counts how long requests took, in a fixed number of buckets. */
export function createDurations() {
  const counts = [...DURATION_BOUNDS_S.map(() => 0), 0];
  let sumS = 0;
  return {
    took(ms: number): void {
      const at = DURATION_BOUNDS_S.findIndex((boundS) => ms <= boundS * 1000);
      counts[at < 0 ? DURATION_BOUNDS_S.length : at]! += 1;
      sumS += ms / 1000;
    },
    /** Undefined before the first. */
    stats(): Durations | undefined {
      return counts.some((count) => count > 0) ? { counts: [...counts], sumS } : undefined;
    },
  };
}
