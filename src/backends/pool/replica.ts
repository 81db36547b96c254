import { type BreakerOptions, type CircuitBreaker, createCircuitBreaker } from './circuitBreaker.js';
import { type Limit, type LimitOptions, createLimit } from './aimdLimit.js';
import { type ServerPace, createServerPace } from './serverPace.js';
import { type ReplicaHealth, newHealth, readmit } from './outlierEjection.js';

/** One server of a model, as the pool knows it. */
export interface Replica {
  readonly index: number;
  readonly url: string;
  readonly limit: Limit;
  readonly breaker: CircuitBreaker;
  readonly health: ReplicaHealth;
  /** What it says of its limits by the minute. */
  readonly pace: ServerPace;
  /** Sequences of the calls that it was given and has not ended: a call of n choices is n of them at the server. */
  outstanding: number;
  /** How many calls that is. */
  calls: number;
  /** Sequences that it has answered so far. */
  answered: number;
  /** When it was last given a call while all replicas were ejected. */
  triedMs: number;
}

export function newReplica(
  url: string,
  index: number,
  limit: LimitOptions,
  breaker: BreakerOptions,
): Replica {
  return {
    index,
    url,
    limit: createLimit(limit),
    breaker: createCircuitBreaker(breaker),
    health: newHealth(),
    pace: createServerPace(),
    outstanding: 0,
    calls: 0,
    answered: 0,
    triedMs: -Infinity,
  };
}

/** Gives it calls again. One that kept failing gets them one by one until it answers. */
export function takeBack({ health, breaker, limit }: Replica, nowMs: number): void {
  readmit(health, nowMs);
  breaker.reset(health.consecutiveEjections > 0 ? 'halfOpen' : 'closed');
  limit.reset();
}
