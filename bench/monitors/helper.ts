import { createServer } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The other end of monitors and pages, in a process of its own: `collector` takes what is sent by OTLP; `scraper URL` reads the metrics
 * every 100 ms; `clients URL` holds a thousand connections open; `reader URL` does what a browser does that shows the page of the run;
 * `hanger URL` asks for the events of the run and reads none.
 */

const [, , role, url = ''] = process.argv;
if (role === 'collector') collect();
else process.send!(0);
if (role === 'scraper') void scrape();
if (role === 'clients') hold();
if (role === 'reader') void read();
if (role === 'hanger') hang();
process.on('disconnect', () => process.exit());

function collect(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
}

async function scrape(): Promise<void> {
  for (;;) {
    await textOf(url);
    await delay(100);
  }
}

async function textOf(address: string): Promise<string> {
  return fetch(address).then(
    (answer) => answer.text(),
    () => '',
  );
}

/** One that is refused comes again a second later. */
function hold(): void {
  const open = (): Socket =>
    connect(Number(new URL(url).port), '127.0.0.1')
      .on('error', () => {})
      .on('close', () => void setTimeout(open, 1000));
  for (let count = 0; count < 1000; count++) open();
}

/** Listens to the events, and asks for the run whenever its folder has changed. */
async function read(): Promise<void> {
  const answer = await fetch(`${url}events`);
  for await (const bytes of answer.body!)
    if (/^event: (folder|all)$/m.test(Buffer.from(bytes).toString())) void textOf(`${url}api/run`);
}

function hang(): void {
  const { port, host, pathname } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
  socket.pause();
  socket.write(`GET ${pathname}events HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
}
