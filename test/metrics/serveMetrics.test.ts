import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.js';
import { type ServedMetrics, serveMetrics } from '../../src/metrics/serveMetrics.js';

interface Served extends ServedMetrics {
  port: number;
  prints: () => number;
}

async function serve(t: TestContext, text = 'a 1\n'): Promise<Served> {
  let prints = 0;
  const served = await serveMetrics(
    { host: '127.0.0.1', port: 0 },
    {
      contentType: 'text/plain',
      print: async () => {
        prints += 1;
        return text;
      },
      clock: systemClock,
    },
  );
  t.after(() => served.close());
  return { ...served, port: Number(new URL(served.url).port), prints: () => prints };
}

test('the page is there by GET and HEAD; anything else is refused with a reason', async (t) => {
  const { url } = await serve(t);
  const page = await fetch(url);
  assert.deepEqual([page.status, await page.text()], [200, 'a 1\n']);
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(`${url}?x=1`)).status, 200);
  assert.equal((await fetch(url, { method: 'POST', body: 'x' })).status, 405);
  const other = await fetch(url.replace('/metrics', '/'));
  assert.deepEqual([other.status, await other.text()], [404, 'The page is /metrics.\n']);
});

test('a port in use is said with the port and the flag', async (t) => {
  const { port } = await serve(t);
  const deps = { contentType: '', print: async () => '', clock: systemClock };
  await assert.rejects(serveMetrics({ host: '127.0.0.1', port }, deps), {
    code: 'ERR_METRICS_LISTEN',
    message: new RegExp(`port ${port} of 127\\.0\\.0\\.1 taken \\[EADDRINUSE\\].*--metrics`),
  });
});

test('however often it is scraped, it is printed twice a second at most', async (t) => {
  const { url, prints } = await serve(t);
  const startedMs = performance.now();
  for (let at = 0; at < 200; at++) await (await fetch(url)).text();
  const seconds = (performance.now() - startedMs) / 1000;
  assert.ok(prints() <= 1 + 2 * seconds, `${prints()} prints in ${seconds} s`);
});

test('of a thousand connections that hang, few are taken, and the page ends with all of them open', async (t) => {
  const { port, close } = await serve(t);
  const sockets = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1'));
  let closed = 0;
  for (const socket of sockets) socket.on('error', () => {}).on('close', () => (closed += 1));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const untilMs = performance.now() + 10_000;
  while (closed < 968 && performance.now() < untilMs) await delay(20);
  assert.equal(sockets.length - closed, 32);
  await close();
});

test('a reader that takes nothing holds its own connection and no other', async (t) => {
  const { url, port } = await serve(t, 'x'.repeat(20_000_000));
  const stuck = connect(port, '127.0.0.1');
  stuck.on('error', () => {});
  t.after(() => stuck.destroy());
  await once(stuck, 'connect');
  stuck.pause();
  stuck.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
  await delay(50);
  assert.equal((await (await fetch(url)).text()).length, 20_000_000);
});

test('bytes that are no request do not end the page', async (t) => {
  const { url, port } = await serve(t);
  for (const bytes of [
    '\0\0\0\r\n\r\n',
    'GET // HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nhost:\r\n\r\n',
  ]) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.end(bytes);
    await once(socket.resume(), 'close');
  }
  assert.equal((await fetch(url)).status, 200);
});

const never = new AbortController().signal;

async function scrape(url: string, agent: string, headers: Record<string, string> = {}): Promise<void> {
  await (await fetch(url, { headers: { 'user-agent': agent, ...headers } })).text();
}

test('the last scrape is one that begins after the wait, with a fresh page', async (t) => {
  const { url, lastScrapes, prints } = await serve(t);
  await scrape(url, 'monitor');
  await scrape(url, 'monitor');
  assert.equal(prints(), 1);
  const waits: number[] = [];
  const waiting = lastScrapes(never, (waitMs) => waits.push(waitMs));
  await scrape(url, 'monitor');
  await waiting;
  assert.equal(waits.length, 1);
  assert.equal(prints(), 2);
});

test('each monitor is awaited, and no one who looked once', async (t) => {
  const { url, lastScrapes } = await serve(t);
  const prometheus = { 'x-prometheus-scrape-timeout-seconds': '10' };
  await scrape(url, 'one', prometheus);
  await scrape(url, 'two', prometheus);
  await scrape(url, 'a person');
  let isDone = false;
  const waiting = lastScrapes(never, () => {}).then(() => (isDone = true));
  await scrape(url, 'one', prometheus);
  await scrape(url, 'a person');
  assert.equal(isDone, false);
  await scrape(url, 'two', prometheus);
  await waiting;
});

test('without a monitor nothing is awaited; at a signal the wait ends at once', async (t) => {
  const { url, lastScrapes } = await serve(t);
  await lastScrapes(never, () => assert.fail('nobody was there'));
  await scrape(url, 'one', { 'x-prometheus-scrape-timeout-seconds': '10' });
  const stop = new AbortController();
  const waiting = lastScrapes(stop.signal, () => {});
  stop.abort();
  await waiting;
});
