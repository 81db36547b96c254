import { Client, buildConnector } from 'undici';
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_MS, REPLY_BYTES_MAX } from '../limits.js';

/** The connections to one server, each with one request at a time. */
export interface ConnectionStack {
  /** Calls `start` with a free connection: at once, or when one is free. */
  use(start: (connection: Client) => void): void;
  /** Its request has ended, however: it may carry the next. */
  free(connection: Client): void;
  /** Cuts every connection. Each request that is open, waits or comes later fails with an error of its connection. */
  destroy(): Promise<void>;
}

export interface ConnectionsOptions {
  /** Scheme, host and port. */
  origin: string;
  connectionsMax: number;
  /** Longer replies are cut. */
  replyBytesMax?: number;
}

/**
 * A stack of undici's clients. The one used last goes first, so those that are not needed fall idle and close. undici's own
 * pool looks for a free one among all of them for every request, which a thousand requests in flight can feel.
 */
export function createConnections({
  origin,
  connectionsMax,
  replyBytesMax = REPLY_BYTES_MAX,
}: ConnectionsOptions): ConnectionStack {
  // One for all: it remembers TLS sessions.
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS });
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
