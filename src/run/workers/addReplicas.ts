import type { ReplicaStats } from '../../backends/model.js';
import { addCounters } from '../addCounters.js';

/** From well to out of use. */
const STATES: readonly ReplicaStats['state'][] = ['closed', 'halfOpen', 'open', 'ejected'];

/**
 * What two processes know of the servers that both ask: their limits and calls add up, and the worse state is told. Of a process
 * that has none to tell, nothing is added.
 */
export function addReplicas(
  one: readonly ReplicaStats[] | undefined,
  other: readonly ReplicaStats[] | undefined,
): readonly ReplicaStats[] | undefined {
  if (!one || !other) return one ?? other;
  const sums = new Map(one.map((replica) => [replica.url, replica]));
  for (const replica of other) {
    const known = sums.get(replica.url);
    sums.set(replica.url, known ? sumOf(known, replica) : replica);
  }
  return [...sums.values()];
}

const COUNTED = [
  ...(['limit', 'outstanding', 'inFlight', 'requests', 'failures'] as const),
  ...(['promptTokens', 'completionTokens'] as const),
];

function sumOf(one: ReplicaStats, other: ReplicaStats): ReplicaStats {
  const state = STATES[Math.max(STATES.indexOf(one.state), STATES.indexOf(other.state))]!;
  return { url: one.url, state, ...addCounters(COUNTED, one, other) };
}
