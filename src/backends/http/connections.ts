import { createRequire } from 'node:module';
import type { Client } from 'undici';
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_MS, REPLY_BYTES_MAX } from '../limits.js';

/** The connections to one server, each with one request at a time. */
export interface ConnectionStack {
  /** Calls `start` with a free connection: at once, or when one is free. */
  use(start: (connection: Client) => void): void;
  /** The request of this connection has ended, in whatever way: it may carry the next one. */
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

const require = createRequire(import.meta.url);

/** Loads undici with the first connection. A command that asks no server, such as `check`, saves a tenth of a second of CPU. */
function loadUndici(): typeof import('undici') {
  return require('undici') as typeof import('undici');
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
  const { Client, buildConnector } = loadUndici();
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
      // The caller's deadline counts: a long completion may take longer than undici's own limits of 300 s.
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
