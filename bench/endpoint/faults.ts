import { deriveUniform } from '../../src/random.js';
import type { EndpointOptions, MetricsMode } from './options.js';

/** Shares of the model's requests, 0 to 1; their sum must not pass 1. */
export interface FaultShares {
  /** Answered 500 at once. */
  error500: number;
  /** Half of the reply, then the connection is reset. */
  reset: number;
  /** Half of the reply, then the server's side of the connection ends; it still reads. */
  halfClosed: number;
  /** The whole reply, then the server's side of the connection ends, which no header has said. */
  closedAfter: number;
  /** A whole HTTP message whose JSON stops half-way. */
  truncated: number;
  /** One choice (or score) less than asked. */
  wrongChoices: number;
  /** Never answered; takes no slot. */
  hang: number;
}

export type Fault = keyof FaultShares;

export const NO_FAULTS: FaultShares = {
  ...{ error500: 0, reset: 0, halfClosed: 0, closedAfter: 0, truncated: 0, wrongChoices: 0, hang: 0 },
};

/** What `POST /control` takes; what is absent stays as it is. Times are real. */
export interface Command {
  slots?: number;
  /** Steps last so many times as long. */
  slowFactor?: number;
  latencyMs?: number;
  /** Stops listening and resets every connection; comes back after a while, or only on `revive`. */
  die?: { returnAfterMs?: number };
  revive?: true;
  /** Everything is answered 429 for a while, with Retry-After if given. */
  storm?: { forMs: number; retryAfterS?: number };
  shares?: Partial<FaultShares>;
  faultSeed?: number;
  faultsBy?: EndpointOptions['faultsBy'];
  /** `frozen` keeps what it says now. */
  metrics?: MetricsMode;
  metricsLagMs?: number;
}

const COMMANDS = ['slots', 'slowFactor', 'latencyMs', 'die', 'revive', 'storm', 'shares', 'faultSeed'].concat(
  ...['faultsBy', 'metrics', 'metricsLagMs'],
);

/** What is wrong with a command; null if nothing. */
export function commandFault(command: unknown): string | null {
  if (command === null || typeof command !== 'object') return 'expected an object';
  const unknown = Object.keys(command).find((key) => !COMMANDS.includes(key));
  if (unknown) return `unknown command ${unknown}; expected some of ${COMMANDS.join(', ')}`;
  const { shares = {} } = command as Command;
  const unknownShare = Object.keys(shares).find((key) => !Object.hasOwn(NO_FAULTS, key));
  return unknownShare
    ? `unknown share ${unknownShare}; expected some of ${Object.keys(NO_FAULTS).join(', ')}`
    : null;
}

/** The fault that hits a request, if any. */
export function drawFault(shares: FaultShares, seed: number, number: number, tries: number): Fault | null {
  let draw = deriveUniform(seed, 'fault', number, tries);
  for (const [fault, share] of Object.entries(shares) as [Fault, number][]) {
    if (draw < share) return fault;
    draw -= share;
  }
  return null;
}
