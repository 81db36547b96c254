import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { connectToCoordinator } from '../../src/workers/connect.js';

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function serve(server: Server): Promise<URL> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const HELLO = { token: 'a-token-of-this-test', code: 'c0de', version: '1', name: 'w' };

test('nobody there: said, and another time may do', async () => {
  const url = await serve(createServer());
  servers.pop()!.close();
  await assert.rejects(connectToCoordinator({ ...HELLO, url, clock: systemClock }), {
    code: 'ERR_WORKER_ALONE',
    message: /no coordinator answers at http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED/,
  });
});

test('something else at the address: refused, with what was found', async () => {
  const url = await serve(createServer((_request, response) => response.end('<html>Welcome</html>')));
  await assert.rejects(connectToCoordinator({ ...HELLO, url, clock: systemClock }), {
    code: 'ERR_WORKER_REFUSED',
    message: /\(200\).*<html>Welcome.*expected the coordinator of a run/,
  });
});

test('who takes the connection and says nothing is given up', async () => {
  const server = createServer(() => {});
  const url = await serve(server);
  // Its ten seconds are over at once.
  await assert.rejects(connectToCoordinator({ ...HELLO, url, clock: { sleep: async () => {} } }), {
    code: 'ERR_WORKER_ALONE',
    message: /no answer within 10000 ms/,
  });
  server.closeAllConnections();
});
