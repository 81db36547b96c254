import { createConnections } from '../../../src/backends/http/connections.js';
import type { BreakerOptions } from '../../../src/backends/pool/circuitBreaker.js';
import type { LimitOptions } from '../../../src/backends/pool/aimdLimit.js';
import { type Replica, newReplica } from '../../../src/backends/pool/replica.js';
import type { StatusClient } from '../../../src/backends/pool/statusClient.js';

const UNASKED: StatusClient = {
  load: async () => null,
  isReachable: async () => true,
  isReady: async () => true,
  close: async () => undefined,
};

/** A replica that nobody connects to. */
export function unconnectedReplica(
  index: number,
  limit: LimitOptions,
  breaker: BreakerOptions,
  status: Partial<StatusClient> = {},
): Replica {
  const origin = `http://replica${index}`;
  const connections = createConnections({ origin, connectionsMax: 1, clock: breaker.clock });
  const server = { index, url: `${origin}/v1`, connections, status: { ...UNASKED, ...status } };
  return newReplica(server, limit, breaker);
}
