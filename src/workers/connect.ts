import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { type WorkerLink, linkOver } from './link.js';
import {
  CODE_HEADER,
  NAME_HEADER,
  VERSION_HEADER,
  WORKER_PATH,
  WORKER_PROTOCOL,
  type WorkerHello,
} from './listen.js';
import type { WorkerMessage, CoordinatorMessage } from './messages.js';

export interface ConnectOptions extends WorkerHello {
  url: URL;
  /** The worker's name, for people. */
  name: string;
  clock: Pick<Clock, 'sleep'>;
}

const REPLY_BYTES_MAX = 10_000;
const ANSWER_MS = 10_000;

/**
 * Opens a link to the coordinator of a run. Throws ERR_WORKER_REFUSED where it does not take this worker, which will not change,
 * and ERR_WORKER_ALONE where nobody answers now.
 */
export function connectToCoordinator(
  options: ConnectOptions,
): Promise<WorkerLink<WorkerMessage, CoordinatorMessage>> {
  const { url, token, code, version, name, clock } = options;
  const answered = new AbortController();
  return new Promise<WorkerLink<WorkerMessage, CoordinatorMessage>>((resolve, reject) => {
    const asked = request(new URL(WORKER_PATH, url), {
      headers: {
        connection: 'upgrade',
        upgrade: WORKER_PROTOCOL,
        authorization: `Bearer ${token}`,
        ...{ [CODE_HEADER]: code, [VERSION_HEADER]: version, [NAME_HEADER]: name },
      },
    });
    asked.on('upgrade', (_response, socket: Socket, read) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      resolve(linkOver<WorkerMessage, CoordinatorMessage>(socket, read));
    });
    asked.on('response', (response) => {
      readRefusal(response).then((message) => reject(refused(url, response.statusCode, message)), reject);
    });
    asked.on('error', (error) => reject(alone(url, error)));
    asked.end();
    clock.sleep(ANSWER_MS, answered.signal).then(
      () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)),
      () => {},
    );
  }).finally(() => answered.abort());
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    text += piece;
    if (text.length > REPLY_BYTES_MAX) break;
  }
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not a coordinator's words.
  }
  return `found ${JSON.stringify(text.slice(0, 60))}, expected the coordinator of a run`;
}

function refused(url: URL, status: number | undefined, message: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_WORKER_REFUSED',
    `${url.origin} does not take this worker (${status}): ${message}`,
  );
}

function alone(url: URL, cause: Error): ScaleQuestError {
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  return new ScaleQuestError(
    'ERR_WORKER_ALONE',
    `no coordinator answers at ${url.origin}: ${code || cause.message}`,
    { cause },
  );
}
