import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { type Scrapers, afterScrape, expectedScrapers } from './scrapers.js';

/** Where a page is served. */
export interface MetricsAddress {
  /** This machine alone, unless another address of it is named. */
  host: string;
  /** 0 for any free one. */
  port: number;
}

export interface ServedMetrics {
  /** The address of the page. */
  readonly url: string;
  /**
   * Resolves once each monitor has scraped the page again, or has not come in twice its period, 30 s at most. A monitor is who scraped
   * the page twice, or says that it is Prometheus. `onWaiting` is told how many milliseconds it may take.
   */
  lastScrapes(signal: AbortSignal, onWaiting: (waitMs: number) => void): Promise<void>;
  close(): Promise<void>;
}

export interface ServeMetricsDeps {
  contentType: string;
  /** The page as it is now. */
  print: () => Promise<string>;
  clock: Clock;
}

const METRICS_PATH = '/metrics';
/** Further ones are refused: a monitor needs one, and a page that hangs holds what it has. */
const CONNECTIONS_MAX = 32;
/** A page is printed at most so often, whoever scrapes it how often. */
const REPRINT_MS = 500;
/** A scraper that has not sent its request, or not taken its answer, by then is cut off. */
const SCRAPE_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 75_000;

/** Serves a page of metrics over HTTP. Throws ERR_METRICS_LISTEN where the address cannot be had. */
export async function serveMetrics(
  { host, port }: MetricsAddress,
  { contentType, print, clock }: ServeMetricsDeps,
): Promise<ServedMetrics> {
  const printed = reprinted(print, clock);
  const closing = new AbortController();
  let scrapers: Scrapers = new Map();
  /** Who is awaited at the end, each with what tells that it came. */
  const awaited = new Map<string, AbortController>();
  const server = createServer(
    { headersTimeout: SCRAPE_MS_MAX, requestTimeout: SCRAPE_MS_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      request.resume();
      const path = request.url?.split('?')[0];
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return refuse(response, 405, 'Monitors read this page by GET.');
      if (path !== METRICS_PATH) return refuse(response, 404, `The page is ${METRICS_PATH}.`);
      const key = scraperKey(request);
      scrapers = afterScrape(scrapers, key, clock.nowMs(), request.headers[TIMEOUT_HEADER] !== undefined);
      cutOffLate(response, clock, closing.signal);
      // A scrape that began before the wait may show less than the end.
      const seen = awaited.get(key);
      void printed.text().then(
        (text) => {
          response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
          response.end(text, () => seen?.abort());
        },
        () => refuse(response, 500, 'The page cannot be printed.'),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotServe({ host, port }, error)));
    server.listen(port, host, resolve);
  });
  // What a broken connection says is its own affair.
  server.on('error', () => {});
  const { address, family, port: own } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${own}${METRICS_PATH}`,
    async lastScrapes(signal, onWaiting) {
      const expected = expectedScrapers(scrapers, clock.nowMs());
      if (expected.size === 0 || signal.aborted) return;
      printed.forget();
      onWaiting(Math.max(...expected.values()));
      const waits = [...expected].map(([key, waitMs]) => {
        const seen = new AbortController();
        awaited.set(key, seen);
        return clock.sleep(waitMs, AbortSignal.any([signal, seen.signal])).catch(() => {});
      });
      await Promise.all(waits);
    },
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Prometheus says with each scrape how long it waits for it. */
const TIMEOUT_HEADER = 'x-prometheus-scrape-timeout-seconds';

function scraperKey({ headers, socket }: IncomingMessage): string {
  return `${socket.remoteAddress} ${headers['user-agent']}`;
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${reason}\n`);
}

/** One print for all who ask at once or soon after one another. */
function reprinted(print: () => Promise<string>, clock: Clock) {
  let last: { text: Promise<string>; atMs: number } | null = null;
  return {
    text(): Promise<string> {
      const nowMs = clock.nowMs();
      if (last === null || nowMs - last.atMs >= REPRINT_MS) last = { text: print(), atMs: nowMs };
      return last.text;
    },
    forget: () => void (last = null),
  };
}

function cutOffLate(response: ServerResponse, clock: Clock, closing: AbortSignal): void {
  const ended = new AbortController();
  response.on('close', () => ended.abort());
  void clock.sleep(SCRAPE_MS_MAX, AbortSignal.any([ended.signal, closing])).then(
    () => response.destroy(),
    () => {},
  );
}

function cannotServe({ host, port }: MetricsAddress, error: Error & { code?: string }): ScaleQuestError {
  const found = error.code === 'EADDRINUSE' ? `port ${port} of ${host} taken` : error.message;
  return new ScaleQuestError(
    'ERR_METRICS_LISTEN',
    `found ${found} [${error.code ?? 'error'}], expected to serve the page of metrics there. ` +
      'Name another port with --metrics, or 0 for any free one',
    { cause: error },
  );
}
