import { createServer } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The other end of monitors, in a process of its own: `collector` takes what is sent by OTLP; `scraper PORT` reads the page every 100 ms;
 * `clients PORT` holds a thousand connections open.
 */

const [, , role, port] = process.argv;
if (role === 'collector') collect();
if (role === 'scraper') void scrape(Number(port));
if (role === 'clients') hold(Number(port));
process.on('disconnect', () => process.exit());

function collect(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
}

async function scrape(at: number): Promise<void> {
  process.send!(at);
  for (;;) {
    await fetch(`http://127.0.0.1:${at}/metrics`)
      .then((page) => page.text())
      .catch(() => {});
    await delay(100);
  }
}

/** One that is refused comes again a second later. */
function hold(at: number): void {
  process.send!(at);
  const open = (): Socket =>
    connect(at, '127.0.0.1')
      .on('error', () => {})
      .on('close', () => void setTimeout(open, 1000));
  for (let count = 0; count < 1000; count++) open();
}
