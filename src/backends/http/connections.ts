import { Client, buildConnector } from 'undici';

/** The connections to one server, each with one request at a time. */
export interface Connections {
  /** Calls `start` with a free connection: at once, or when one is free. */
  use(start: (connection: Client) => void): void;
  /** Its request has ended, however: it may carry the next. */
  free(connection: Client): void;
  /** Cuts every connection; what is open, waits or comes later hears an error from its own. */
  destroy(): Promise<void>;
}

export interface ConnectionsOptions {
  /** Scheme, host and port. */
  origin: string;
  connectionsMax: number;
  /** Longer replies are cut. */
  replyBytesMax?: number;
}

export const REPLY_BYTES_MAX = 64 * 2 ** 20;

/** uvicorn, and so vLLM, drops idle connections after 5 s without saying so; ours must go first, busy loop or not. */
const KEEP_ALIVE_MS = 2_000;

const CONNECT_MS = 10_000;

/**
 * A stack of undici's clients: the one used last goes first, so what is not needed falls idle and closes. undici's own pool
 * looks for a free one among all for every request, which a thousand in flight can feel.
 */
export function createConnections({
  origin,
  connectionsMax,
  replyBytesMax = REPLY_BYTES_MAX,
}: ConnectionsOptions): Connections {
  // One for all: it remembers TLS sessions.
  const connect = buildConnector({ timeout: CONNECT_MS });
  const all: Client[] = [];
  const idle: Client[] = [];
  const waiting: ((connection: Client) => void)[] = [];
  let isDestroyed = false;

  function open(): Client {
    const connection = new Client(origin, {
      ...{ connect, pipelining: 1, maxResponseSize: replyBytesMax },
      ...{ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS },
      // undici's own limits are 300 s and coarse; a long completion may take longer. The caller's deadline rules.
      ...{ headersTimeout: 0, bodyTimeout: 0 },
    });
    all.push(connection);
    if (isDestroyed) void connection.destroy();
    return connection;
  }

  return {
    use(start) {
      const connection = idle.pop() ?? (all.length < connectionsMax ? open() : undefined);
      if (connection) start(connection);
      else waiting.push(start);
    },
    free(connection) {
      const next = waiting.shift();
      if (next) next(connection);
      else idle.push(connection);
    },
    async destroy() {
      isDestroyed = true;
      await Promise.all(all.map((connection) => connection.destroy()));
    },
  };
}
