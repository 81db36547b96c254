import { createRequire } from 'node:module';
import type { Client, buildConnector } from 'undici';
import type { Clock } from '../../clock.js';
import { type ContinueFilter, createContinueFilter } from './continueFilter.js';
import {
  CONNECT_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  REPLIES_WATCHED,
  REPLY_BYTES_MAX,
  REST_MS,
  TCP_PROBE_MS,
} from '../limits.js';

/** The connections to one server, each with one request at a time. */
export interface ConnectionStack {
  /** Calls `start` with a free connection: at once, or when one is free. */
  use(start: (connection: Client) => void): void;
  /** The request of this connection has ended, in whatever way: it may carry the next one, once it is quiet. */
  free(connection: Client): void;
  /** Whether the server has sent more than its replies. From then on each connection carries one request. */
  hasSurplus(): boolean;
  /** Cuts every connection. Each request that is open, waits or comes later fails with an error of its connection. */
  destroy(): Promise<void>;
}

export interface ConnectionsOptions {
  /** Scheme, host and port. */
  origin: string;
  connectionsMax: number;
  clock: Clock;
  /** Longer replies are cut. */
  replyBytesMax?: number;
}

const require = createRequire(import.meta.url);

/** Loads undici with the first connection. A command that asks no server, such as `check`, saves a tenth of a second of CPU. */
function loadUndici(): typeof import('undici') {
  return require('undici') as typeof import('undici');
}

interface Connector {
  /** A connection that is not open yet. */
  make(): Client;
  /** Starts a request on a connection. */
  begin(connection: Client, start: (connection: Client) => void): void;
}

function connector(origin: string, replyBytesMax: number): Connector {
  const { Client, buildConnector } = loadUndici();
  const filters = new WeakMap<Client, ContinueFilter>();
  // One for all: it remembers TLS sessions.
  const connectAny = buildConnector({ timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: TCP_PROBE_MS });
  return {
    make() {
      const filter = createContinueFilter();
      const connect: buildConnector.connector = (options, callback) =>
        connectAny(options, (...[error, socket]: Parameters<buildConnector.Callback>) => {
          if (error) return callback(error, null);
          filter.watch(socket);
          callback(null, socket);
        });
      const connection = new Client(origin, {
        ...{ connect, pipelining: 1, maxResponseSize: replyBytesMax },
        ...{ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS },
        // The caller's deadline counts: a long completion may take longer than undici's own limits of 300 s.
        ...{ headersTimeout: 0, bodyTimeout: 0 },
      });
      filters.set(connection, filter);
      return connection;
    },
    begin(connection, start) {
      filters.get(connection)!.replyBegins();
      start(connection);
    },
  };
}

/**
 * A stack of undici's clients. The one used last goes first, so those that are not needed fall idle and close. undici's own
 * pool looks for a free one among all of them for every request, which a thousand requests in flight can feel.
 *
 * What a server sends behind its reply would be taken for the answer to the next request on that connection. So a connection
 * rests before it is used again: for two turns of the event loop, in which the kernel hands over what has come, and after the
 * first replies of a server for longer, because a server that does so does it from the first one on. Where something comes
 * while a connection rests or is idle, it is dropped, and from then on every connection carries one request.
 */
export function createConnections({
  origin,
  connectionsMax,
  clock,
  replyBytesMax = REPLY_BYTES_MAX,
}: ConnectionsOptions): ConnectionStack {
  const { make, begin } = connector(origin, replyBytesMax);
  const all: Client[] = [];
  const idle: Client[] = [];
  const waiting: ((connection: Client) => void)[] = [];
  let isDestroyed = false;
  let resting = 0;
  let replies = 0;
  let hasSurplus = false;

  function open(): Client {
    const connection = make();
    // undici says so of a reply to no request.
    connection.on('disconnect', (_origin, _targets, { message }) => {
      if (message === 'bad response') distrust();
    });
    all.push(connection);
    if (isDestroyed) void connection.destroy();
    return connection;
  }

  function distrust(): void {
    hasSurplus = true;
    for (const connection of idle.splice(0)) drop(connection);
  }

  function drop(connection: Client): void {
    all.splice(all.indexOf(connection), 1);
    void connection.destroy();
  }

  function rested(connection: Client): void {
    resting -= 1;
    // It may have more to come.
    if (hasSurplus) drop(connection);
    const own = hasSurplus ? open() : connection;
    const next = waiting.shift();
    if (next) begin(own, next);
    else idle.push(own);
  }

  return {
    use(start) {
      // One that rests is free soon, and was used last.
      const isSoon = resting > waiting.length;
      const connection = isSoon
        ? undefined
        : (idle.pop() ?? (all.length < connectionsMax ? open() : undefined));
      if (connection) begin(connection, start);
      else waiting.push(start);
    },
    free(connection) {
      resting += 1;
      replies += 1;
      const end = (): void => rested(connection);
      if (replies > REPLIES_WATCHED || isDestroyed) setImmediate(() => setImmediate(end));
      else void clock.sleep(REST_MS).then(end);
    },
    hasSurplus: () => hasSurplus,
    async destroy() {
      isDestroyed = true;
      await Promise.all(all.map((connection) => connection.destroy()));
    },
  };
}
