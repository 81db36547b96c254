import { RATE_WINDOW_MS } from '../limits.js';
import { createPacing } from './pacing.js';

/** What a service lets an account send in a minute; what is absent is not limited. */
export interface Rates {
  requestsPerMinute?: number | undefined;
  /** Of prompts and replies together, as services count. */
  tokensPerMinute?: number | undefined;
}

/** One try of a call, as it counts for the limits. */
export interface Spending {
  readonly atMs: number;
  /** As estimated, until the reply says it. */
  tokens: number;
}

/**
 * Keeps the tries of all calls within the rates: evenly spread, and in no window of a minute more than that. So neither a
 * service that counts by the minute refuses, nor one that counts by the second, or fills a bucket as time passes. A try counts
 * when it is sent, whatever becomes of it. A call of more tokens than a minute has goes alone.
 */
export interface RateBudget {
  /** Whether tokens are counted, so that calls need an estimate. */
  readonly countsTokens: boolean;
  /** When a call of so many tokens may be sent, or asked about again; not after `nowMs` if now. */
  dueMs(tokens: number, nowMs: number): number;
  spend(tokens: number, nowMs: number): Spending;
  /** The reply says how many tokens they were. */
  correct(spending: Spending, tokens: number): void;
}

export function createRateBudget({
  requestsPerMinute = Infinity,
  tokensPerMinute = Infinity,
}: Rates): RateBudget {
  const countsTokens = tokensPerMinute !== Infinity;
  const isLimited = countsTokens || requestsPerMinute !== Infinity;
  const msPerRequest = RATE_WINDOW_MS / requestsPerMinute;
  const msPerToken = RATE_WINDOW_MS / tokensPerMinute;
  const requests = createPacing();
  const tokensPacing = createPacing();
  /** Of the last minute, from `first` on. */
  let spendings: Spending[] = [];
  let first = 0;
  let tokensSpent = 0;

  function forget(nowMs: number): void {
    while (first < spendings.length && spendings[first]!.atMs + RATE_WINDOW_MS <= nowMs)
      tokensSpent -= spendings[first++]!.tokens;
    // Moved now and then, so that each spending is moved about once.
    if (first > 1000 && first * 2 > spendings.length) {
      spendings = spendings.slice(first);
      first = 0;
    }
  }

  const isHeld = ({ atMs }: Spending): boolean => first < spendings.length && atMs >= spendings[first]!.atMs;
  const cost = (tokens: number): number => Math.min(tokens, tokensPerMinute);

  return {
    countsTokens,
    dueMs(tokens, nowMs) {
      if (!isLimited) return nowMs;
      forget(nowMs);
      const open = spendings.length - first;
      const hasRoom =
        open < requestsPerMinute && (open === 0 || tokensSpent + cost(tokens) <= tokensPerMinute);
      const roomMs = hasRoom ? nowMs : spendings[first]!.atMs + RATE_WINDOW_MS;
      return Math.max(roomMs, requests.dueMs, tokensPacing.dueMs);
    },
    spend(tokens, nowMs) {
      const spending = { atMs: nowMs, tokens: countsTokens ? cost(tokens) : 0 };
      if (!isLimited) return spending;
      forget(nowMs);
      spendings.push(spending);
      tokensSpent += spending.tokens;
      requests.spend(msPerRequest, nowMs);
      tokensPacing.spend(spending.tokens * msPerToken, nowMs);
      return spending;
    },
    correct(spending, tokens) {
      if (!countsTokens) return;
      const more = tokens - spending.tokens;
      tokensPacing.correct(more * msPerToken);
      if (isHeld(spending)) tokensSpent += more;
      spending.tokens = tokens;
    },
  };
}
