import { type IncomingMessage, STATUS_CODES, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { type WorkerLink, linkOver } from './link.js';
import type { WorkerMessage, CoordinatorMessage } from './messages.js';
import { isSameToken } from './token.js';

/** What a worker asks the coordinator for: `GET /worker` with `upgrade: scalequest-worker`. */
export const WORKER_PROTOCOL = 'scalequest-worker';
export const WORKER_PATH = '/worker';

/** Headers of that request beside `authorization: Bearer TOKEN`. */
export const CODE_HEADER = 'x-scalequest-code';
export const VERSION_HEADER = 'x-scalequest-version';
export const NAME_HEADER = 'x-scalequest-worker';

/** What both ends must have in common, or say of themselves. */
export interface WorkerHello {
  token: string;
  /** Hash of the code that runs. */
  code: string;
  version: string;
}

export interface ListenOptions extends WorkerHello {
  host: string;
  /** 0 for any free one. */
  port: number;
  clock: Pick<Clock, 'sleep'>;
}

export interface Listening {
  url: string;
  close(): Promise<void>;
}

/**
 * Listens for workers. Whoever does not know the token, or runs other code, gets an HTTP status and a reason, and no link. Throws
 * ERR_WORKER_LISTEN where the address cannot be had.
 */
export async function listenForWorkers(
  { host, port, clock, ...hello }: ListenOptions,
  onLink: (link: WorkerLink<CoordinatorMessage, WorkerMessage>, name: string) => void,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => {
    response.writeHead(426, { upgrade: WORKER_PROTOCOL, connection: 'upgrade' });
    response.end('Workers come here: scalequest worker URL\n');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, read: Buffer) => {
    const refusal = refusalOf(request, hello);
    if (refusal) return refuse(socket, refusal);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${WORKER_PROTOCOL}\r\n\r\n`,
    );
    const name = String(request.headers[NAME_HEADER] ?? socket.remoteAddress);
    onLink(linkOver<CoordinatorMessage, WorkerMessage>(socket, read), name);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  const { address, family, port: own } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${own}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // What was sent last, that all is done, still goes out.
      for (const socket of sockets) socket.destroySoon();
      server.closeAllConnections();
      const waited = new AbortController();
      await Promise.race([closed, clock.sleep(FLUSH_MS, waited.signal).catch(() => {})]);
      waited.abort();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** How long a worker has to take what was sent last. */
const FLUSH_MS = 1_000;

interface Refusal {
  status: number;
  message: string;
}

function refusalOf({ url, headers }: IncomingMessage, { token, code, version }: WorkerHello): Refusal | null {
  if (url !== WORKER_PATH || headers.upgrade !== WORKER_PROTOCOL)
    return { status: 404, message: `expected ${WORKER_PATH} with upgrade: ${WORKER_PROTOCOL}` };
  const given = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
  if (given === undefined || !isSameToken(given, token))
    return { status: 401, message: 'found another token than that of the run' };
  if (headers[CODE_HEADER] === code) return null;
  const found = `version ${headers[VERSION_HEADER]}, code ${String(headers[CODE_HEADER]).slice(0, 8)}`;
  return {
    status: 409,
    message:
      `found a worker of ${found}; the run is of version ${version}, code ${code.slice(0, 8)}. ` +
      'Install the same scalequest, the same packages and the same Node on both machines',
  };
}

function refuse(socket: Socket, { status, message }: Refusal): void {
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function cannotListen(host: string, port: number, cause: Error): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_WORKER_LISTEN',
    `cannot listen for workers at ${host}:${port}: ${cause.message}. Give another address with --listen`,
    { cause },
  );
}
