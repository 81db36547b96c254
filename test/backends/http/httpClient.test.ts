import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionStack, createConnections } from '../../../src/backends/http/connections.js';
import { type HttpClient, createHttpClient } from '../../../src/backends/http/httpClient.js';
import { TryFailure } from '../../../src/backends/http/tryFailure.js';
import { systemClock } from '../../../src/clock.js';
import { servePages } from '../../helpers/servers/pageServer.js';

interface Changes {
  timeoutMs?: number;
  connections?: ConnectionStack | number;
  answeredMs?: number;
}

function open(t: TestContext, url: string, changes: Changes = {}): HttpClient {
  const { timeoutMs = 2000, connections = 2, answeredMs } = changes;
  const client = createHttpClient({
    ...{ url, headers: { 'x-own': 'yes' }, connections, timeoutMs, label: 'model m' },
    ...{ lastAnswer: { atMs: answeredMs }, clock: systemClock },
  });
  t.after(() => client.destroy());
  return client;
}

async function failureOf(work: Promise<unknown>): Promise<TryFailure> {
  const error = await work.then(
    () => assert.fail('expected a failure'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof TryFailure, String(error));
  assert.match(error.message, /^model m /);
  return error;
}

/** A bare socket server: `answer` writes what it likes. */
async function serveBytes(
  t: TestContext,
  answer: (write: (text: string | Buffer) => void, end: () => void) => void,
): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      answer(
        (text) => void socket.write(text),
        () => void socket.destroy(),
      ),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('createHttpClient', () => {
  it('posts JSON under the url, gets pages under it or beside it, with its own headers', async (t) => {
    const seen: string[] = [];
    const root = await servePages(t, async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const { method, url, headers } = request;
      seen.push(`${method} ${url} ${headers['x-own']} ${headers['content-type']} ${text}`);
      response.setHeader('x-answer', 'first').writeHead(201).end('ünï');
    });
    const client = open(t, `${root}/v1/`);
    const reply = await client.post('/completions', { a: 1 });
    assert.deepEqual([reply.status, reply.text, reply.header('x-answer')], [201, 'ünï', 'first']);
    assert.equal(reply.header('x-none'), undefined);
    await client.postAs('/files', 'text/plain', 'body');
    await client.get('/models', 1000);
    await client.get('//metrics', 1000);
    assert.deepEqual(seen, [
      'POST /v1/completions yes application/json {"a":1}',
      'POST /v1/files yes text/plain body',
      'GET /v1/models yes undefined ',
      'GET /metrics yes undefined ',
    ]);
  });

  it('gives up a reply that does not come in time, also in the middle', async (t) => {
    const root = await servePages(t, (request, response) => {
      if (request.url === '/half') response.write('{');
    });
    const client = open(t, root, { timeoutMs: 200 });
    for (const path of ['/never', '/half']) {
      const failure = await failureOf(client.post(path, {}));
      assert.equal(failure.kind, 'timeout');
      assert.match(failure.message, /did not answer within 0\.2 s/);
    }
  });

  it('gives up a call that waits for its connection, and says that it got none', async (t) => {
    const root = await servePages(t, () => undefined);
    const connections = createConnections({ origin: root, connectionsMax: 1, clock: systemClock });
    t.after(() => connections.destroy());
    const [patient, hasty] = [
      open(t, root, { timeoutMs: 2000, connections }),
      open(t, root, { timeoutMs: 100, connections }),
    ];
    const [first, second] = await Promise.all([
      failureOf(patient.post('/', {})),
      failureOf(hasty.post('/', {})),
    ]);
    assert.equal(first.kind, 'timeout');
    assert.equal(second.kind, 'unreachable');
    assert.match(second.message, /took no connection within 0\.1 s/);
  });

  it('tells a refused connection, a cut one and a broken-off reply apart', async (t) => {
    const refused = await failureOf(open(t, 'http://127.0.0.1:9').post('/', {}));
    assert.equal(refused.kind, 'unreachable');
    const cut = await serveBytes(t, (_write, end) => end());
    assert.equal((await failureOf(open(t, cut).post('/', {}))).kind, 'reset');
    const half = await serveBytes(t, (write, end) => {
      write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{');
      setTimeout(end, 50);
    });
    assert.equal((await failureOf(open(t, half).post('/', {}))).kind, 'reply');
  });

  it('takes what is no HTTP for a wrong url, unless the server has answered before', async (t) => {
    const url = await serveBytes(t, (write) => write('SSH-2.0-OpenSSH\r\n'));
    await assert.rejects(open(t, url).post('/', {}), {
      code: 'ERR_MODEL_PROTOCOL',
      message: /does not speak HTTP/,
    });
    assert.equal((await failureOf(open(t, url, { answeredMs: 1 }).post('/', {}))).kind, 'reply');
  });

  it('asks for replies as they are, and reads one that a gateway compresses all the same', async (t) => {
    const body = gzipSync(JSON.stringify({ said: 'é'.repeat(1000) }));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: `;
    const whole = await serveBytes(t, (write) => {
      write(`${head}${body.length}\r\n\r\n`);
      write(body);
    });
    const reply = await open(t, whole).post('/x', {});
    assert.deepEqual([JSON.parse(reply.text), reply.isUtf8], [{ said: 'é'.repeat(1000) }, true]);
    const cut = body.subarray(0, 20);
    const broken = await serveBytes(t, (write) => {
      write(`${head}${cut.length}\r\n\r\n`);
      write(cut);
    });
    assert.match(
      (await failureOf(open(t, broken).post('/x', {}))).message,
      /compression \(gzip\) is damaged/,
    );
    const zstd = await serveBytes(t, (write) => {
      write('HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: 4\r\n\r\n');
      write(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
    });
    const unread = await open(t, zstd).post('/x', {});
    assert.deepEqual([unread.text, unread.unreadCoding], ['', 'zstd']);
    const page = await servePages(
      t,
      ({ headers }, response) => void response.end(headers['accept-encoding']),
    );
    assert.equal((await open(t, page).post('/x', {})).text, 'identity');
  });

  it('bears interim replies that nobody asked for, on each request of a connection, and loses no connection to them', async (t) => {
    let connections = 0;
    const reply = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 ');
        setTimeout(() => socket.write(`Continue\r\nserver: x\r\n\r\n${reply}`), 5);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const shared = createConnections({ origin: url, connectionsMax: 1, clock: systemClock });
    t.after(() => shared.destroy());
    const client = open(t, url, { connections: shared });
    for (let at = 0; at < 3; at++) assert.equal((await client.post('/x', {})).text, '{}');
    assert.equal(connections, 1);
    assert.equal(shared.hasSurplus(), false);
  });

  it('loses a row to a reply that is longer than any completion', async (t) => {
    const megabyte = ' '.repeat(2 ** 20);
    const root = await servePages(t, (_request, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(megabyte));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    await assert.rejects(open(t, root, { timeoutMs: 60_000 }).post('/', {}), {
      ...{ code: 'ROW_REPLY_INVALID', message: 'model m sent a reply of more than 64 MiB' },
    });
  });

  it('closing cuts what is open and what comes later, at once', async (t) => {
    const root = await servePages(t, () => undefined);
    const client = open(t, root, { timeoutMs: 60_000 });
    const asked = failureOf(client.post('/', {}));
    await delay(50);
    await client.destroy();
    assert.match((await asked).message, /was closed/);
    assert.match((await failureOf(client.post('/', {}))).message, /was closed/);
  });
});
