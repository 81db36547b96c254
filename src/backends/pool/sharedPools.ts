import { type ReplicaList, followReplicas } from './replicaList.js';
import { type Pool, type PoolOptions, createPool } from './pool.js';

/**
 * Pools by the servers behind them. Models that list the same servers, in the same order or by one list, share one pool. So its
 * limit counts the requests of all of them, and the oldest row goes first whichever model it asks.
 */
export interface SharedPools {
  /** Gives the pool of these servers; the first caller creates it. Each `take` needs one `release`; the last one closes the pool. */
  take(options: SharedPoolOptions): TakenPool;
}

export interface SharedPoolOptions extends PoolOptions {
  /** Lists the servers from now on; `urls` are those that it lists at first. */
  list?: ReplicaList | undefined;
}

export interface TakenPool {
  pool: Pool;
  release: () => Promise<void>;
  /** Lines of the list that name no server, when it was last read. */
  faultyLines: () => number;
}

interface Shared {
  pool: Pool;
  users: number;
  following: AbortController;
  faultyLines: number;
}

export function createSharedPools(open: typeof createPool = createPool): SharedPools {
  const byServers = new Map<string, Shared>();
  return {
    take({ list, ...options }) {
      const { slots, requestsInFlightMax, headers, rates } = options;
      const urls = options.urls.map((url) => new URL(url).href.replace(/\/+$/, ''));
      // Two protocols may write the urls of one list in different ways.
      const servers = list === undefined ? urls : { list: list.path, as: list.toUrl('http://x/v1') };
      // The key of the map stays in memory only, because headers may contain an API key.
      const key = JSON.stringify([servers, slots, requestsInFlightMax, headers, rates]);
      const shared = byServers.get(key) ?? begin(open(options), options, list);
      shared.users += 1;
      byServers.set(key, shared);
      return { pool: shared.pool, release: () => release(key), faultyLines: () => shared.faultyLines };
    },
  };

  async function release(key: string): Promise<void> {
    const shared = byServers.get(key);
    if (!shared) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    byServers.delete(key);
    shared.following.abort();
    await shared.pool.close();
  }
}

function begin(pool: Pool, { clock }: PoolOptions, list: ReplicaList | undefined): Shared {
  const shared: Shared = { pool, users: 0, following: new AbortController(), faultyLines: 0 };
  const { signal } = shared.following;
  if (list === undefined) return shared;
  void followReplicas(list, { clock, signal }, ({ urls, faults }) => {
    shared.faultyLines = faults.length;
    pool.follow(urls);
  });
  return shared;
}
