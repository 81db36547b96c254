import { failureLoad } from './outlierEjection.js';
import { EJECTED_PERIOD_MS } from '../limits.js';
import type { Replica } from './replica.js';

/**
 * The replica that the next call goes to: the one with the least outstanding work for its limit, of those that are not
 * ejected, that have room for the call's sequences, and whose circuit breaker and pace let a call through. Null where there is
 * none now.
 */
export function pickReplica(
  replicas: readonly Replica[],
  sequences: number,
  nowMs = Infinity,
): Replica | null {
  let best: Replica | null = null;
  let areAllEjected = true;
  for (const replica of replicas) {
    if (replica.health.isEjected) continue;
    areAllEjected = false;
    if (replica.breaker.state === 'open' || replica.pace.dueMs > nowMs || !hasRoom(replica, sequences))
      continue;
    if (best === null || loadOf(replica) < loadOf(best)) best = replica;
  }
  return areAllEjected ? pickEjected(replicas, nowMs) : best;
}

/**
 * Whether a call of so many sequences may go to a replica. The last call below the limit may reach beyond it: its sequences
 * wait in the server's queue, and none of the slots stands idle for want of room for all of them. What the user set as the
 * most is never passed, except by a call that is larger than that, which goes alone.
 */
export function hasRoom({ outstanding, limit }: Replica, sequences: number): boolean {
  return outstanding === 0 || (outstanding < limit.value && outstanding + sequences <= limit.max);
}

/** When a replica may be given its next call, as far as its pace goes, or its last failure while all are ejected. */
export function dueMs({ health, pace, triedMs }: Replica): number {
  return health.isEjected ? triedMs + EJECTED_PERIOD_MS : pace.dueMs;
}

/** With all of them ejected, one call each keeps trying, by turns. Its failures tell how long nobody has answered. */
function pickEjected(replicas: readonly Replica[], nowMs: number): Replica | null {
  let best: Replica | null = null;
  for (const replica of replicas) {
    const isFree = replica.outstanding === 0 && dueMs(replica) <= nowMs;
    if (isFree && (best === null || replica.triedMs < best.triedMs)) best = replica;
  }
  return best;
}

function loadOf({ outstanding, limit, health }: Replica): number {
  return outstanding / limit.value + failureLoad(health);
}

/**
 * Prefix-cache affinity: a row's calls share the beginning of their prompts, which a server remembers. So each row has one
 * replica that it prefers, spread evenly by its seq; the next one while that is ejected.
 */
export function hasAffinity(replicas: readonly Replica[], replica: Replica, seq: number): boolean {
  const hash = Math.imul(seq ^ (seq >>> 15), 0x9e3779b1) >>> 8;
  for (let step = 0; step < replicas.length; step++) {
    const preferred = replicas[(hash + step) % replicas.length]!;
    if (!preferred.health.isEjected) return preferred === replica;
  }
  return false;
}
