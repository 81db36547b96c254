import { setMaxListeners } from 'node:events';
import type { HttpReply, HttpClient, HttpClientOptions } from '../../src/backends/http/httpClient.js';

/**
 * Stands in for src/backends/http/httpClient.ts in a simulated process (see hooks.ts): the pool, the retries and the readers of
 * replies above it are the real ones.
 */
export interface Network {
  post(
    path: string,
    body: Record<string, unknown>,
    options: HttpClientOptions,
    signal: AbortSignal,
  ): Promise<HttpReply>;
  get(path: string, options: HttpClientOptions, signal: AbortSignal): Promise<HttpReply>;
}

let network: Network | null = null;

export function setNetwork(next: Network): void {
  network = next;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const destroyed = new AbortController();
  setMaxListeners(0, destroyed.signal);
  const used = network!;
  return {
    post: (path, body) =>
      used.post(path, JSON.parse(JSON.stringify(body)) as Record<string, unknown>, options, destroyed.signal),
    postAs: () => Promise.reject(new Error('no form is posted in a simulation')),
    get: (path) => used.get(path, options, destroyed.signal),
    async destroy() {
      destroyed.abort();
    },
  };
}
