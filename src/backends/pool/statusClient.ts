import type { Clock } from '../../clock.js';
import type { ConnectionStack } from '../http/connections.js';
import { createHttpClient } from '../http/httpClient.js';
import type { LastAnswer } from '../http/retryPolicy.js';
import { TryFailure } from '../http/tryFailure.js';
import { POLL_TIMEOUT_MS } from '../limits.js';
import { type ServerLoad, readServerLoad } from './serverLoad.js';

/** Asks one server how it is, apart from the calls that it is given. Nothing here rejects. */
export interface StatusClient {
  /** What its metrics page says; null where it has none that can be read, `silent` where nothing is answered. */
  load(): Promise<ServerLoad | 'silent' | null>;
  /** It answers, whatever it says of the key or the path. */
  isReachable(): Promise<boolean>;
  /** It knows its models. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StatusClientOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  lastAnswer: Readonly<LastAnswer>;
  clock: Clock;
  connections: ConnectionStack;
}

/** Over HTTP: /metrics beside the API (Prometheus text), and /models of the API. */
export function openStatusClient(options: StatusClientOptions): StatusClient {
  const http = createHttpClient({ ...options, timeoutMs: POLL_TIMEOUT_MS, label: options.url });

  async function modelsStatus(): Promise<number | null> {
    try {
      return (await http.get('/models', POLL_TIMEOUT_MS)).status;
    } catch {
      return null;
    }
  }

  return {
    async load() {
      try {
        const reply = await http.get('//metrics', POLL_TIMEOUT_MS);
        return reply.status === 200 ? readServerLoad(reply.text) : null;
      } catch (error) {
        const isSilent = error instanceof TryFailure && error.kind !== 'reply';
        return isSilent ? 'silent' : null;
      }
    },
    isReachable: async () => ((await modelsStatus()) ?? 500) < 500,
    isReady: async () => (await modelsStatus()) === 200,
    close: () => http.destroy(),
  };
}
