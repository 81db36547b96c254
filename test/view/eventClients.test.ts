import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type EventClients, createEventClients } from '../../src/view/eventClients.js';

async function served(t: TestContext, clients: EventClients): Promise<string> {
  const server = createServer((_, response) => {
    if (!clients.add(response, [{ name: 'all', data: { a: 1 } }])) response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a page is told what it must know first, then what happens; no text is made without a page', async (t) => {
  const clients = createEventClients();
  clients.send('state', () => assert.fail('nobody listens'));
  const url = await served(t, clients);
  const response = await fetch(url);
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const reader = response.body!.getReader();
  const first = Buffer.from((await reader.read()).value!).toString();
  assert.equal(first, 'retry: 1000\n\nevent: all\ndata: {"a":1}\n\n');
  clients.send('line', () => 'two\nlines');
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'event: line\ndata: "two\\nlines"\n\n');
  clients.close();
  assert.equal((await reader.read()).done, true);
});

test('further pages than the bound are refused; a page that does not read is cut off', async (t) => {
  const clients = createEventClients(1, 1 << 16);
  const url = await served(t, clients);
  const slow = get(url);
  const [response] = (await once(slow, 'response')) as [NodeJS.ReadableStream];
  response.pause();
  assert.equal((await fetch(url)).status, 503);
  const closed = once(response, 'close').catch(() => {});
  slow.on('error', () => {});
  response.on('error', () => {});
  for (let round = 0; round < 2000 && clients.count > 0; round++) {
    clients.send('line', () => 'x'.repeat(20_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(clients.count, 0);
  response.resume();
  await closed;
  assert.equal(await fetch(url).then((again) => (void again.body!.cancel(), again.status)), 200);
});
