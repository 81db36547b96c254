import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Server, type Socket, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openModel } from '../../src/backends/openModel.js';
import { type ErrorCode, ScaleQuestError } from '../../src/errors.js';
import { checkOnline } from '../../src/pipeline/check/checkOnline.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { checkText } from '../helpers/runs/pipelineWorld.js';

/** What stands at the other end of a url, and what is said of it: by `check --online`, and by a request of a run. */

const stops: (() => void)[] = [];
after(() => stops.forEach((stop) => stop()));

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

async function http(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response, request));
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

async function tcp(speak: (socket: Socket) => void): Promise<string> {
  return `http://127.0.0.1:${await listen(createTcpServer(speak))}`;
}

function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** With a certificate for another name that nobody signed. */
async function selfSigned(): Promise<string> {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=elsewhere.example', '-days', '1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  execFileSync('openssl', made, { stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.end(),
  );
  return `https://127.0.0.1:${await listen(server)}`;
}

async function refusedPort(): Promise<string> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** Writes on and on until the other end has had enough. */
function pour(
  socket: { write(text: string): boolean; destroyed: boolean; once(event: 'drain', go: () => void): unknown },
  text: string,
) {
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(text)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
/** A whole reply, after a length that is too small. */
const TWO_LENGTHS = `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`;
const LINE = `x-${'a'.repeat(200)}: ${'b'.repeat(800)}\r\n`;

interface Fault {
  start: () => Promise<string>;
  online: ErrorCode;
  /** Of one request of a run without retries; the same as online if absent. */
  run?: ErrorCode;
  /** Where the fault is found by what comes, not by the time it takes: more than a busy machine needs. */
  timeoutMs?: number;
  message: RegExp;
}

const FAULTS: Record<string, Fault> = {
  'a host that nobody knows': {
    start: async () => 'http://no-such-host.invalid:8000',
    online: 'ERR_MODEL_UNREACHABLE',
    message: /no-such-host\.invalid/,
  },
  'a port where nothing listens': {
    start: refusedPort,
    online: 'ERR_MODEL_UNREACHABLE',
    message: /ECONNREFUSED.*start the server/,
  },
  'a certificate that nobody trusts': {
    start: selfSigned,
    online: 'ERR_MODEL_UNREACHABLE',
    message: /certificate.*NODE_EXTRA_CA_CERTS/,
  },
  'TLS where none is spoken': {
    start: async () => (await http(json(200, {}))).replace('http:', 'https:'),
    online: 'ERR_MODEL_PROTOCOL',
    message: /does not speak TLS.*write http:\/\//,
  },
  'no TLS where it is spoken': {
    start: async () => (await selfSigned()).replace('https:', 'http:'),
    online: 'ERR_MODEL_UNREACHABLE',
    message: /cut the connection|https:\/\//,
  },
  'a server that wants a key': {
    start: () => http(json(401, { error: { message: 'no key' } })),
    online: 'ERR_MODEL_REFUSED',
    message: /answered 401.*apiKeyEnv/,
  },
  'another model': {
    start: () => http(json(404, { error: { message: 'The model `m` does not exist.' } })),
    online: 'ERR_MODEL_REFUSED',
    message: /answered 404: The model `m` does not exist.*check that the server has the model "m"/,
  },
  'a web site': {
    start: () =>
      http((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')),
    online: 'ERR_MODEL_PROTOCOL',
    message: /sent a web page, expected a reply of the OpenAI protocol/,
  },
  'JSON of another service': {
    start: () => http(json(200, { hits: [] })),
    online: 'ERR_MODEL_PROTOCOL',
    message: /JSON without choices/,
  },
  'a mail server': {
    start: () => tcp((socket) => socket.write('220 mail.example ESMTP\r\n')),
    online: 'ERR_MODEL_PROTOCOL',
    message: /does not speak HTTP.*correct the port/,
  },
  'a redirect to another host': {
    start: () => http(json(308, {}, { location: 'https://elsewhere.example/v1/completions' })),
    online: 'ERR_MODEL_REFUSED',
    message: /points to https:\/\/elsewhere\.example.*write the final url/,
  },
  'headers without an end': {
    start: () => tcp((socket) => socket.once('data', () => (socket.write(HEAD), pour(socket, LINE)))),
    online: 'ERR_MODEL_PROTOCOL',
    message: /sent headers of more than 16 KiB \(UND_ERR_HEADERS_OVERFLOW\)/,
  },
  'a length that is not that of the body': {
    start: () => tcp((socket) => socket.once('data', () => socket.end(TWO_LENGTHS))),
    online: 'ERR_MODEL_UNREACHABLE',
    message: /sent another length than it said/,
  },
  'a body without an end': {
    start: () =>
      http(
        (response) => (
          response.writeHead(200, { 'content-type': 'application/json' }),
          pour(response, ' '.repeat(1 << 20))
        ),
      ),
    online: 'ERR_MODEL_PROTOCOL',
    run: 'ROW_REPLY_INVALID',
    timeoutMs: 30_000,
    message: /more than 64 MiB/,
  },
  'a body that trickles': {
    start: () => http((response) => (response.writeHead(200), response.write('{'))),
    online: 'ERR_MODEL_UNREACHABLE',
    message: /did not answer within 1\.5 s/,
  },
  'no answer at all': {
    start: () => http(() => {}),
    online: 'ERR_MODEL_UNREACHABLE',
    message: /did not answer within 1\.5 s/,
  },
  'a server that fails': {
    start: () => http(json(500, { error: { message: 'CUDA out of memory' } })),
    online: 'ERR_MODEL_UNREACHABLE',
    message: /answered 500: CUDA out of memory/,
  },
};

const LIMITS = { retriesMax: 0, unreachableMs: 0 };

for (const [name, { start, online, run = online, timeoutMs = 1500, message }] of Object.entries(FAULTS)) {
  test(`${name}: told with model and server before the run and in it`, async () => {
    const url = await start();
    const options = { replicas: [`${url}/v1`], model: 'm', timeoutMs, ...LIMITS };
    const text = ['name: faults', 'limit: 1', `models: { writer: { openai: ${JSON.stringify(options)} } }`];
    const plan = await checkText(
      [...text, 'steps:', '  - generate: { generators: [{ model: writer }] }'].join('\n'),
    );
    const [before, ...more] = await checkOnline(plan, { env: {}, folder: '.' });
    const during = await errorOfRun(options);
    assert.deepEqual(more, []);
    assert.deepEqual([before?.code, during.code], [online, run], `${before?.message}\n${during.message}`);
    for (const error of [before!, during]) {
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`model writer (m at ${url}/v1`), error.message);
    }
  });
}

async function errorOfRun(options: object): Promise<ScaleQuestError> {
  const model = await openModel('writer', { openai: options } as never, { env: {}, folder: '.' });
  const asked = {
    seq: 0,
    message: { kind: 'preQuery' },
    n: 1,
    tokensMax: 8,
    temperature: 1,
    topP: 1,
    seed: 1,
  } as const;
  try {
    await model.complete(asked);
  } catch (error) {
    assert.ok(error instanceof ScaleQuestError, String(error));
    return error;
  } finally {
    await model.close();
  }
  return assert.fail('expected an error');
}
