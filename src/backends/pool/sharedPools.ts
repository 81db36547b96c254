import { type Pool, type PoolOptions, createPool } from './pool.js';

/**
 * Pools by the servers behind them. Models that list the same servers, in the same order, share one pool. So its limit counts
 * the requests of all of them, and the oldest row goes first whichever model it asks.
 */
export interface SharedPools {
  /** Gives the pool of these servers; the first caller creates it. Each `take` needs one `release`; the last one closes the pool. */
  take(options: PoolOptions): { pool: Pool; release: () => Promise<void> };
}

export function createSharedPools(open: typeof createPool = createPool): SharedPools {
  const byServers = new Map<string, { pool: Pool; users: number }>();
  return {
    take(options) {
      const { slots, requestsInFlightMax, headers, rates } = options;
      const urls = options.urls.map((url) => new URL(url).href.replace(/\/+$/, ''));
      // The key of the map stays in memory only, because headers may contain an API key.
      const key = JSON.stringify([urls, slots, requestsInFlightMax, headers, rates]);
      const shared = byServers.get(key) ?? { pool: open(options), users: 0 };
      shared.users += 1;
      byServers.set(key, shared);
      return { pool: shared.pool, release: () => release(key) };
    },
  };

  async function release(key: string): Promise<void> {
    const shared = byServers.get(key);
    if (!shared) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    byServers.delete(key);
    await shared.pool.close();
  }
}
