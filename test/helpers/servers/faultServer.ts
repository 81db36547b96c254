import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it arrived. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
  /** Counts from 0 in order of arrival. */
  index: number;
}

export type Answer = (seen: Seen, response: ServerResponse, socket: Socket) => void | Promise<void>;

/** A server that does what a test tells it, for timing and faults; it is no model. */
export interface FaultServer {
  /** Base of the API. */
  url: string;
  seen: Seen[];
  connectionsOpen(): number;
  connectionsMost(): number;
  requestsOpen(): number;
  requestsMost(): number;
  stop(): Promise<void>;
}

export async function startFaultServer(
  answer: Answer,
  { keepAliveTimeoutMs = 5000 }: { keepAliveTimeoutMs?: number } = {},
): Promise<FaultServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connectionsMost = 0;
  let requests = 0;
  let requestsMost = 0;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The pool's polls of metrics and models are no part of what a test counts or answers.
    if (request.method === 'GET') return void response.writeHead(404).end();
    requestsMost = Math.max(requestsMost, ++requests);
    response.once('close', () => requests--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Seen = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
      index: seen.length,
    };
    seen.push(one);
    await answer(one, response, request.socket);
  }
  const server = createServer(
    { keepAliveTimeout: keepAliveTimeoutMs },
    (request, response) => void receive(request, response),
  );
  server.on('connection', (socket) => {
    sockets.add(socket);
    connectionsMost = Math.max(connectionsMost, sockets.size);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    connectionsOpen: () => sockets.size,
    connectionsMost: () => connectionsMost,
    requestsOpen: () => requests,
    requestsMost: () => requestsMost,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** A reply to /completions, as vLLM's. */
export function completionOf(texts: readonly string[]): object {
  const choices = texts.map((text, index) => ({ index, text, finish_reason: 'stop', logprobs: null }));
  return {
    object: 'text_completion',
    choices,
    usage: { prompt_tokens: 10, completion_tokens: 5 * texts.length },
  };
}
