import type { ErrorCode } from '../../errors.js';
import { RETRY_AFTER_BELIEVED_MAX_MS, RETRY_AFTER_MAX_MS } from '../limits.js';

/**
 * Why one try failed although another one may not:
 * - `busy`: the server asks us to come back later (429, 503). It costs waiting, not a try.
 * - `server`: the server failed (500, 502, 504 …).
 * - `timeout`: no whole reply came within the deadline.
 * - `reply`: the reply was broken.
 * - `reset`: the connection was cut before a reply began. Often it was an idle one that the server had just closed.
 * - `unreachable`: there was no connection.
 * - `absent`: no server is listed that could be asked.
 */
export type FailureKind = 'busy' | 'server' | 'timeout' | 'reply' | 'reset' | 'unreachable' | 'absent';

export interface FailureDetails {
  retryAfterMs?: number;
  canFailOver?: boolean;
  /** The row's code when the tries are used up; it follows from the kind if absent. */
  code?: ErrorCode | undefined;
  cause?: unknown;
}

export class TryFailure extends Error {
  readonly kind: FailureKind;
  /** How long to wait, as the server asks, but a minute at most. */
  readonly retryAfterMs: number;
  /** How long the server asks us to wait. It may be hours, as where a daily quota is used up. */
  readonly askedMs: number;
  /** Another replica would take the call now. */
  readonly canFailOver: boolean;
  /** The row's code when the tries are used up, where the kind does not say it. */
  readonly code: ErrorCode | undefined;

  /** `message` names the model and the server, and says what happened; it never holds a key. */
  constructor(
    kind: FailureKind,
    message: string,
    { retryAfterMs = 0, canFailOver = false, code, cause }: FailureDetails = {},
  ) {
    super(message, { cause });
    this.name = 'TryFailure';
    this.kind = kind;
    this.retryAfterMs = Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
    this.askedMs = Math.min(retryAfterMs, RETRY_AFTER_BELIEVED_MAX_MS);
    this.canFailOver = canFailOver;
    this.code = code;
  }

  /** The same failure, at a replica beside which another one would take the call now. */
  withFailover(): TryFailure {
    const { kind, message, askedMs, code, cause } = this;
    return new TryFailure(kind, message, { retryAfterMs: askedMs, code, cause, canFailOver: true });
  }
}

/** The value of a `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date); 0 if there is none that can be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? 0 : Math.max(0, dateMs - nowMs);
}
