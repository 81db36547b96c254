import type { ReplicaStats } from '../../backends/model.js';

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

function sumOf(one: ReplicaStats, other: ReplicaStats): ReplicaStats {
  return {
    url: one.url,
    state: STATES[Math.max(STATES.indexOf(one.state), STATES.indexOf(other.state))]!,
    limit: one.limit + other.limit,
    outstanding: one.outstanding + other.outstanding,
    inFlight: one.inFlight + other.inFlight,
    requests: one.requests + other.requests,
    failures: one.failures + other.failures,
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
  };
}
