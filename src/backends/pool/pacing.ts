import { PACE_CREDIT_MAX_MS, PACE_LATE_MS } from '../limits.js';

/**
 * Spreads what may be spent evenly over time, as a leaky bucket without room for a burst (GCRA, ITU-T I.371): some services
 * hold 60 requests a minute to one a second. A sender that is a little late catches up, so that coarse timers cost nothing.
 */
export interface Pacing {
  /** When the next spending is due. */
  readonly dueMs: number;
  /** Something was spent for which so much time must pass. */
  spend(costMs: number, nowMs: number): void;
  /** A spending cost so much more, or less, than was said. What was too much is good for later ones. */
  correct(costMs: number): void;
}

export function createPacing(): Pacing {
  let dueMs = -Infinity;
  let creditMs = 0;
  return {
    get dueMs() {
      return dueMs;
    },
    spend(costMs, nowMs) {
      const isLate = nowMs - dueMs > PACE_LATE_MS;
      const paidMs = Math.min(creditMs, costMs);
      creditMs -= paidMs;
      dueMs = (isLate ? nowMs : dueMs) + costMs - paidMs;
    },
    correct(costMs) {
      if (costMs > 0) dueMs += costMs;
      else creditMs = Math.min(creditMs - costMs, PACE_CREDIT_MAX_MS);
    },
  };
}
