import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { ChainPlace } from '../run/chain/chainLinks.js';
import { ScaleQuestError } from '../errors.js';
import { type Files, readWhole } from '../io/files/files.js';
import { PACKAGE_FOLDER } from '../io/files/packageFiles.js';
import type { AllNow } from '../page/view/messages.js';
import { drawToken } from '../workers/token.js';
import { type Asked, askedBy, isRefusal } from './access.js';
import type { Answers } from './answers.js';
import { sendFile } from './committedFile.js';
import { createEventClients } from './eventClients.js';
import type { Feed } from './feed.js';

/** What a page may do to a run of this process. */
export interface RunControl {
  /** Null where it cannot be paused. */
  setPaused: ((isPaused: boolean) => void) | null;
  /** The same clean end as Ctrl-C. */
  stop(): void;
}

export interface ViewServer {
  /** The address with the token. */
  readonly url: string;
  /** From now on pages show this; those that are open too. */
  show(next: Shown): void;
  /** Pages see the end of the run first. */
  close(): Promise<void>;
}

/** What pages show. */
export interface Shown {
  folder: string;
  /** Null where there is no run: nothing has begun yet, or a link of a chain is a program. */
  answers: Answers | null;
  feed: Feed;
  control: RunControl | null;
  /** The second run of a comparison. */
  other: string | null;
  /** Where the run stands in a chain. */
  chain: ChainPlace | null;
}

export interface ServeViewDeps {
  files: Files;
  clock: Clock;
}

const HOST = '127.0.0.1';
/** Pages of one browser take up to six connections each. Further connections are refused. */
const CONNECTIONS_MAX = 128;
/** A request that is not whole by then is cut off. */
const REQUEST_MS_MAX = 10_000;
/** The state is sent at most so often. */
const STATE_MS = 500;
const LAST_LOOK_MS = 1500;

/**
 * Serves the page of a run to this machine alone, with node's own http: it took a third of the CPU of a library with a thousand pages
 * listening (hono, measured). Throws ERR_VIEW_LISTEN where the port cannot be had.
 */
export async function serveView(port: number, first: Shown, deps: ServeViewDeps): Promise<ViewServer> {
  const token = drawToken();
  const clients = createEventClients();
  const closing = new AbortController();
  let own = port;
  let shown = first;
  const server = createServer(
    { headersTimeout: REQUEST_MS_MAX, requestTimeout: REQUEST_MS_MAX },
    (request, response) => {
      request.resume();
      const asked = askedBy(request, token, own);
      if (isRefusal(asked)) return refuse(response, asked.status, asked.reason);
      void answer(asked, request, response, { ...deps, ...shown, clients }).catch((error: unknown) =>
        failed(response, error),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listening(server, port);
  own = (server.address() as AddressInfo).port;
  followFeed(shown.feed, clients, deps.clock, closing.signal);
  return {
    url: `http://${HOST}:${own}/${token}/`,
    show(next) {
      shown.feed.listen(null);
      shown = next;
      followFeed(shown.feed, clients, deps.clock, closing.signal);
      clients.send('all', () => allNow(shown));
    },
    async close() {
      // Time to fetch what the last commit has brought.
      if (clients.count > 0) await deps.clock.sleep(LAST_LOOK_MS);
      closing.abort();
      clients.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const found = error.code === 'EADDRINUSE' ? `port ${port} taken` : error.message;
      const advice = 'Name another port, or none for any free one';
      reject(
        new ScaleQuestError(
          'ERR_VIEW_LISTEN',
          `found ${found}, expected to serve the page there. ${advice}`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen(port, HOST, () => {
      // What a broken connection says is its own affair.
      server.removeAllListeners('error').on('error', () => {});
      resolve();
    });
  });
}

type Clients = ReturnType<typeof createEventClients>;

/** What a page is told when it comes, and when it is shown something else. */
function allNow({ feed, answers, control, other, chain }: Shown): AllNow {
  return {
    ...feed.now(),
    ...{
      hasRun: answers !== null,
      canControl: control !== null,
      canPause: Boolean(control?.setPaused),
      other,
      chain,
    },
  } satisfies AllNow;
}

/** States are thinned: many events come between two frames that anyone could see. */
function followFeed(feed: Feed, clients: Clients, clock: Clock, signal: AbortSignal): void {
  let isDue = false;
  const sendState = (): void =>
    clients.send('state', () => {
      const { state, isPaused } = feed.now();
      return { state, isPaused };
    });
  feed.listen({
    onLine: (line) => clients.send('line', () => line),
    onPoint: (point) => clients.send('point', () => point),
    onRow: (row) => clients.send('row', () => row),
    onFolder: () => clients.send('folder', () => ({})),
    onChange() {
      if (isDue || clients.count === 0) return;
      isDue = true;
      void clock.sleep(STATE_MS, signal).then(
        () => {
          isDue = false;
          sendState();
        },
        () => {},
      );
    },
  });
}

/** Nothing from elsewhere runs or is loaded, no other page may frame this one, and no address with the token goes elsewhere. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

async function answer(
  { method, path, query }: Asked,
  request: IncomingMessage,
  response: ServerResponse,
  deps: ServeViewDeps & Shown & { clients: Clients },
): Promise<void> {
  const { answers, folder, files, control, clients, other } = deps;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (method === 'POST') return command(path, control, response);
  if (path === '') return sendAsset('view.html', response);
  const asset = /^assets\/([\w.-]+)$/.exec(path)?.[1];
  if (asset !== undefined) return sendAsset(asset, response);
  if (path === 'events') {
    const first = { name: 'all', data: allNow(deps) };
    if (!clients.add(response, [first]))
      refuse(response, 503, 'Too many pages are open. Close some of them.');
    return;
  }
  if (answers === null) return refuse(response, 404, 'There is no run here yet.');
  if (path === 'api/run') return sendJson(response, await answers.run());
  if (path === 'api/row') {
    const seq = query.get('seq') ?? '';
    if (!/^\d{1,10}$/.test(seq)) return refuse(response, 400, 'Give seq, a whole number from 0 on.');
    return sendJson(response, await answers.row(Number(seq)));
  }
  if (path === 'api/diff' && other !== null) return sendJson(response, await answers.diff(other));
  const file = /^files\/(.+)$/s.exec(path)?.[1];
  if (file === undefined || !(await answers.isCommitted(file)))
    return refuse(response, 404, 'There is nothing here.');
  await sendFile(files, folder, file, { header: request.headers.range, isHead: method === 'HEAD' }, response);
}

function command(path: string, control: RunControl | null, response: ServerResponse): void {
  if (!control) return refuse(response, 409, 'No run of this process can be paused or stopped.');
  const isPause = path === 'control/pause' || path === 'control/resume';
  if (isPause && !control.setPaused) return refuse(response, 409, 'A program cannot be paused.');
  if (isPause) control.setPaused!(path === 'control/pause');
  else if (path === 'control/stop') control.stop();
  else return refuse(response, 404, 'There is nothing here.');
  sendJson(response, {});
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['txt', 'text/plain; charset=utf-8'],
]);

/** The page's own files, from the package. Names with a slash do not get here. */
async function sendAsset(name: string, response: ServerResponse): Promise<void> {
  const type = TYPES.get(name.split('.').at(-1)!);
  const path = join(PACKAGE_FOLDER, 'dist', 'bundle', 'page', name);
  const { nodeFiles } = await import('../io/files/files.js');
  if (!type || !(await nodeFiles.stat(path))) return refuse(response, 404, 'There is nothing here.');
  response.writeHead(200, { 'content-type': type }).end(await readWhole(nodeFiles, path));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${reason}\n`);
}

function failed(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { code = 'ERR_INVARIANT', message = String(error) } = error as { code?: string; message?: string };
  refuse(response, 500, `${code}: ${message}`);
}
