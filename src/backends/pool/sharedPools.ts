import { type Pool, type PoolOptions, createPool } from './pool.js';

/**
 * Pools by the servers behind them: roles that list the same servers, in the same order, share one, so that its limit
 * counts what all of them have out, and the oldest row goes first whichever role it asks.
 */
export interface SharedPools {
  /** The pool of these servers, made by whoever comes first. Each `release` must follow one `take`; the last one closes it. */
  take(options: PoolOptions): { pool: Pool; release: () => Promise<void> };
}

export function createSharedPools(open: typeof createPool = createPool): SharedPools {
  const byServers = new Map<string, { pool: Pool; users: number }>();
  return {
    take(options) {
      const { slots, requestsInFlightMax, headers } = options;
      const urls = options.urls.map((url) => new URL(url).href.replace(/\/+$/, ''));
      // In memory only: headers may hold a key.
      const key = JSON.stringify([urls, slots, requestsInFlightMax, headers]);
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
