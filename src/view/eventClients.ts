import type { ServerResponse } from 'node:http';

/** Pages that listen for what happens, by server-sent events. */
export interface EventClients {
  /** Takes a page, with what it needs to know first; false where there are too many. */
  add(response: ServerResponse, first: readonly ServerSentEvent[]): boolean;
  /** Sends to all. The text is made once, and not at all without a page. */
  send(name: string, data: () => unknown): void;
  readonly count: number;
  /** Ends what pages listen to, with all that was sent. */
  close(): void;
}

export interface ServerSentEvent {
  name: string;
  data: unknown;
}

/** Pages that may listen at once. Further ones are refused. */
export const CLIENTS_MAX = 24;
/** A page that does not read is cut off when so much waits for it. It comes again by itself, and is told everything anew. */
export const WAITING_BYTES_MAX = 1 << 20;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export function createEventClients(
  clientsMax = CLIENTS_MAX,
  waitingBytesMax = WAITING_BYTES_MAX,
): EventClients {
  const open = new Set<ServerResponse>();

  function write(response: ServerResponse, text: string): void {
    response.write(text);
    if (response.writableLength > waitingBytesMax) response.destroy();
  }

  return {
    add(response, first) {
      if (open.size >= clientsMax) return false;
      open.add(response);
      response.on('close', () => open.delete(response));
      response.on('error', () => open.delete(response));
      response.writeHead(200, HEADERS);
      write(response, `retry: 1000\n\n${first.map(({ name, data }) => eventText(name, data)).join('')}`);
      return true;
    },
    send(name, data) {
      if (open.size === 0) return;
      const text = eventText(name, data());
      for (const response of open) write(response, text);
    },
    get count() {
      return open.size;
    },
    close() {
      for (const response of open) response.end();
    },
  };
}

/** JSON has no line ends, so that one line holds it. */
function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
