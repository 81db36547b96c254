import { type BreakerOptions, type CircuitBreaker, createCircuitBreaker } from './circuitBreaker.js';
import { type Limit, type LimitOptions, createLimit } from './aimdLimit.js';
import type { ConnectionStack } from '../http/connections.js';
import { type ServerPace, createServerPace } from './serverPace.js';
import { type ReplicaHealth, newHealth, readmit } from './outlierEjection.js';
import type { StatusClient } from './statusClient.js';

/** One server of a model, as the pool knows it. */
export interface Replica {
  /** Counted from 0 in the order in which the pool opened its servers; none is given twice. */
  readonly index: number;
  readonly url: string;
  /** For all that use the pool: there are never more of them than requests in flight, and one for the polls. */
  readonly connections: ConnectionStack;
  readonly status: StatusClient;
  /** It stands in the list of servers no more: it gets no call, and those that it has may end. */
  hasLeft: boolean;
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
  /** Since when its page has not answered; null while it does. */
  silentSinceMs: number | null;
}

export function newReplica(
  server: Pick<Replica, 'index' | 'url' | 'connections' | 'status'>,
  limit: LimitOptions,
  breaker: BreakerOptions,
): Replica {
  return {
    ...server,
    hasLeft: false,
    limit: createLimit(limit),
    breaker: createCircuitBreaker(breaker),
    health: newHealth(),
    pace: createServerPace(),
    outstanding: 0,
    calls: 0,
    answered: 0,
    triedMs: -Infinity,
    silentSinceMs: null,
  };
}

/** Gives it calls again, as many as before. One that kept failing gets few until it has answered one. */
export function takeBack(replica: Replica, nowMs: number): void {
  const { health, breaker, limit } = replica;
  replica.silentSinceMs = null;
  readmit(health, nowMs);
  const keptFailing = health.consecutiveEjections > 0;
  // One that took calls and answered none may do so again.
  breaker.reset(keptFailing ? 'halfOpen' : 'closed', health.ejectedFor === 'timeout' ? 'single' : 'doubling');
  limit.restarted();
}
