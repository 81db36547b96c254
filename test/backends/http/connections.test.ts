import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../src/clock.js';
import { type ConnectionStack, createConnections } from '../../../src/backends/http/connections.js';

/** A server that counts its connections, and one client's connections to it. */
async function setUp(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  connectionsMax: number,
) {
  let opened = 0;
  const server = createServer(answer);
  server.on('connection', () => void opened++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const connections = createConnections({ origin, connectionsMax, clock: systemClock, replyBytesMax: 1000 });
  t.after(async () => {
    await connections.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { connections, port, opened: () => opened };
}

/** The text of a page, or the code of what went wrong. */
function get(connections: ConnectionStack, path: string): Promise<string> {
  return new Promise((resolve) => {
    connections.use((connection) => {
      let text = '';
      connection.dispatch(
        { method: 'GET', path },
        {
          onRequestStart() {},
          onResponseData: (_controller, chunk) => void (text += chunk.toString()),
          onResponseEnd() {
            connections.free(connection);
            resolve(text);
          },
          onResponseError(_controller, error) {
            connections.free(connection);
            resolve((error as NodeJS.ErrnoException).code ?? error.name);
          },
        },
      );
    });
  });
}

describe('createConnections', () => {
  it('opens no more than it may, uses them again, and answers all in turn', async (t) => {
    const served: string[] = [];
    const world = await setUp(
      t,
      ({ url }, response) => {
        served.push(url!);
        setTimeout(() => response.end(url), 5);
      },
      2,
    );
    const paths = Array.from({ length: 9 }, (_, at) => `/${at}`);
    assert.deepEqual(await Promise.all(paths.map((path) => get(world.connections, path))), paths);
    assert.deepEqual(served, paths);
    assert.equal(world.opened(), 2);
    assert.equal(await get(world.connections, '/more'), '/more');
    assert.equal(world.opened(), 2);
  });

  it('connects anew after the server cut a connection', async (t) => {
    const world = await setUp(
      t,
      ({ url, socket }, response) => void (url === '/cut' ? socket.destroy() : response.end('whole')),
      1,
    );
    assert.equal(await get(world.connections, '/cut'), 'UND_ERR_SOCKET');
    assert.equal(await get(world.connections, '/'), 'whole');
    assert.equal(world.opened(), 2);
  });

  it('cuts a reply that is longer than it may be', async (t) => {
    const world = await setUp(t, (_request, response) => void response.end('x'.repeat(2000)), 1);
    assert.equal(await get(world.connections, '/'), 'UND_ERR_RES_EXCEEDED_MAX_SIZE');
  });

  it('destroy ends what is open, what waits and what comes later', async (t) => {
    const world = await setUp(t, () => undefined, 1);
    const open = get(world.connections, '/never');
    const waiting = [get(world.connections, '/1'), get(world.connections, '/2')];
    await delay(30);
    await world.connections.destroy();
    const codes = await Promise.all([open, ...waiting, get(world.connections, '/later')]);
    assert.deepEqual(codes, Array(4).fill('UND_ERR_DESTROYED'));
  });

  it('destroy before the first use', async (t) => {
    const world = await setUp(t, (_request, response) => void response.end(), 1);
    await world.connections.destroy();
    assert.equal(await get(world.connections, '/'), 'UND_ERR_DESTROYED');
    assert.equal(world.opened(), 0);
  });
});

/** Answers each request with its own path, and with a reply to nothing behind it, `afterMs` later; at once for null. */
async function surplusServer(t: TestContext, afterMs: number | null): Promise<string> {
  const reply = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  const server = createTcpServer((socket) => {
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (bytes) => {
      const path = bytes.toString().split(' ')[1]!;
      const [own, surplus] = [reply(path), reply('/surplus')];
      if (afterMs === null) return void socket.write(own + surplus);
      socket.write(own);
      setTimeout(() => socket.writable && socket.write(surplus), afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Of our side of the open connections to a port, as Linux says it: milliseconds until the kernel probes a quiet one. */
function probesMs(port: number): number[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, , remote, state, , timer] = line.trim().split(/\s+/);
    // 01: established; 02: the timer of keep-alive probes, in hundredths of a second.
    if (!remote?.endsWith(`:${hex}`) || state !== '01' || !timer?.startsWith('02:')) return [];
    return [parseInt(timer.slice(3), 16) * 10];
  });
}

it('has the kernel probe a machine that says nothing, long before the deadline of its calls', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux tells its timers');
  let answerAll = (): void => undefined;
  const world = await setUp(t, (_request, response) => void (answerAll = () => response.end('late')), 1);
  const asked = get(world.connections, '/');
  await delay(200);
  const [timerMs, ...others] = probesMs(world.port);
  assert.ok(timerMs! > 5_000 && timerMs! <= 15_000 && others.length === 0, `${timerMs} ${others}`);
  answerAll();
  assert.equal(await asked, 'late');
});

describe('a server that sends more than its replies', () => {
  for (const afterMs of [null, 0, 2, 10]) {
    for (const connectionsMax of [1, 4]) {
      it(`answers no other request with it: ${afterMs ?? 'no'} ms behind, ${connectionsMax} connections`, async (t) => {
        const origin = await surplusServer(t, afterMs);
        const connections = createConnections({ origin, connectionsMax, clock: systemClock });
        t.after(() => connections.destroy());
        const paths = Array.from({ length: 200 }, (_, at) => `/${at}`);
        assert.deepEqual(await Promise.all(paths.map((path) => get(connections, path))), paths);
        assert.equal(connections.hasSurplus(), true);
      });
    }
  }

  it('is told from one that does not', async (t) => {
    const world = await setUp(t, ({ url }, response) => void response.end(url), 2);
    const paths = Array.from({ length: 100 }, (_, at) => `/${at}`);
    assert.deepEqual(await Promise.all(paths.map((path) => get(world.connections, path))), paths);
    assert.equal(world.connections.hasSurplus(), false);
    assert.equal(world.opened(), 2);
  });
});
