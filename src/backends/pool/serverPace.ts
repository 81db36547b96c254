import { PACE_LATE_MS, RATE_WAIT_MAX_MS } from '../limits.js';

/** What a server says is left of one of its limits, and when it is whole again. */
export interface RateLeft {
  of: 'requests' | 'tokens';
  remaining: number;
  /** From now. */
  resetMs: number;
}

/**
 * Slows down before a server refuses, by what its replies say of its limits: what is left is spread over the time until the limit
 * is whole again. Where that is a window, it is used up exactly at its end; where it is a bucket that fills steadily, the pace
 * settles at the speed at which it fills. Where nothing is left, and after a refusal, nothing is sent until the time that the
 * server says.
 */
export interface ServerPace {
  /** When the next call may be sent. */
  readonly dueMs: number;
  /** A call is sent. Returns its number, which `observe` wants. */
  sent(nowMs: number): number;
  /** The reply to call `number` says so. */
  observe(left: readonly RateLeft[], number: number, nowMs: number): void;
  /** A call took so many tokens. */
  used(tokens: number): void;
  /** The server asks for so long without calls. */
  hold(askedMs: number, nowMs: number): void;
}

export function createServerPace(): ServerPace {
  let calls = 0;
  let heldUntilMs = -Infinity;
  /** From one call to the next, until the limits are whole again. */
  let interval = { ms: 0, untilMs: -Infinity };
  /** When the last call was due. */
  let lastDueMs = -Infinity;
  /** The latest call whose reply was believed: what the replies to older ones say is out of date. */
  let newest = 0;
  /** Of a call, averaged over the last ones. */
  let tokensPerCall = 0;

  function intervalOf({ of, remaining, resetMs }: RateLeft, number: number): number {
    const each = of === 'tokens' ? Math.max(1, tokensPerCall) : 1;
    // Calls that were sent after that one are not counted in what it says.
    const left = Math.floor(remaining / each) - (calls - number);
    return left < 1 ? Infinity : resetMs / left;
  }

  function hold(askedMs: number, nowMs: number): void {
    heldUntilMs = Math.max(heldUntilMs, nowMs + Math.min(askedMs, RATE_WAIT_MAX_MS));
  }

  function pacedMs(): number {
    return interval.ms === 0 ? -Infinity : Math.min(lastDueMs + interval.ms, interval.untilMs);
  }

  return {
    get dueMs() {
      return Math.max(heldUntilMs, pacedMs());
    },
    sent(nowMs) {
      const dueMs = pacedMs();
      // One that is a little late does not put off those behind it.
      lastDueMs = nowMs - dueMs > PACE_LATE_MS ? nowMs : dueMs;
      if (nowMs >= interval.untilMs) interval = { ms: 0, untilMs: -Infinity };
      return ++calls;
    },
    observe(left, number, nowMs) {
      if (left.length === 0 || number < newest) return;
      newest = number;
      const said = left.map((one) => {
        const resetMs = Math.min(one.resetMs, RATE_WAIT_MAX_MS);
        return { resetMs, intervalMs: intervalOf({ ...one, resetMs }, number) };
      });
      // Where nothing is left, calls go on when the last of those limits is whole again.
      const gone = said.filter(({ intervalMs }) => intervalMs === Infinity).map(({ resetMs }) => resetMs);
      if (gone.length > 0) hold(Math.max(...gone), nowMs);
      const open = said.filter(({ intervalMs }) => intervalMs < Infinity);
      const slowest = open.toSorted((a, b) => b.intervalMs - a.intervalMs)[0];
      interval = { ms: slowest?.intervalMs ?? 0, untilMs: nowMs + (slowest?.resetMs ?? 0) };
    },
    used(tokens) {
      tokensPerCall = tokensPerCall === 0 ? tokens : tokensPerCall * 0.9 + tokens * 0.1;
    },
    hold,
  };
}
