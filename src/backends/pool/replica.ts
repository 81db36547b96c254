import { type BreakerOptions, type CircuitBreaker, createCircuitBreaker } from './circuitBreaker.js';
import { type Limit, type LimitOptions, createLimit } from './aimdLimit.js';
import { type ReplicaHealth, newHealth, readmit } from './outlierEjection.js';

/** One server of a model, as the pool knows it. */
export interface Replica {
  readonly index: number;
  readonly url: string;
  readonly limit: Limit;
  readonly breaker: CircuitBreaker;
  readonly health: ReplicaHealth;
  /** Calls that it was given and has not ended. */
  outstanding: number;
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
    outstanding: 0,
    triedMs: -Infinity,
  };
}

/** Gives it calls again. One that kept failing gets them one by one until it answers. */
export function takeBack({ health, breaker, limit }: Replica, nowMs: number): void {
  readmit(health, nowMs);
  breaker.reset(health.consecutiveEjections > 0 ? 'halfOpen' : 'closed');
  limit.reset();
}
