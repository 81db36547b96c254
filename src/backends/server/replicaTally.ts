import type { ReplicaStats } from '../model.js';
import type { Replica } from '../pool/replica.js';
import type { Usage } from './tally.js';

/** What one model asked one server, and was answered. */
export type ReplicaTally = ReturnType<typeof createReplicaTally>;

type Counts = Pick<ReplicaStats, 'inFlight' | 'requests' | 'failures' | 'promptTokens' | 'completionTokens'>;

/** The counts of a server that the model has not asked yet. */
export const NOTHING_SENT: Readonly<Counts> = {
  ...{ inFlight: 0, requests: 0, failures: 0 },
  ...{ promptTokens: 0, completionTokens: 0 },
};

export function createReplicaTally() {
  const counts: Counts = { ...NOTHING_SENT };

  function failed(): void {
    counts.failures++;
  }

  return {
    counts,
    sent(): void {
      counts.requests++;
      counts.inFlight++;
    },
    ended(): void {
      counts.inFlight--;
    },
    failed,
    /** Reads a reply, and counts what it cost; one that cannot be used is a failure. */
    answered<T extends Usage, Reply, Context>(
      read: (reply: Reply, context: Context) => T,
      reply: Reply,
      context: Context,
    ): T {
      try {
        const answer = read(reply, context);
        counts.promptTokens += answer.promptTokens;
        counts.completionTokens += answer.completionTokens;
        return answer;
      } catch (error) {
        failed();
        throw error;
      }
    },
  };
}

/** How a server stands for all models that share it. */
export function replicaState({
  health,
  breaker,
  limit,
  outstanding,
}: Replica): Pick<ReplicaStats, 'state' | 'limit' | 'outstanding'> {
  return { state: health.isEjected ? 'ejected' : breaker.state, limit: limit.value, outstanding };
}
