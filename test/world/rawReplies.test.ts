import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openModel } from '../../src/backends/openModel.js';
import { ScaleQuestError } from '../../src/errors.js';
import { systemClock } from '../../src/clock.js';
import { REPLY_BYTES_MAX } from '../../src/backends/limits.js';
import { PROTOCOL_KINDS, type ProtocolKind } from '../helpers/servers/protocolKinds.js';

/**
 * What a hostile or broken server can write on a socket, for every protocol. Each call ends soon: with what the server said, or
 * with an error of ours that a terminal can show; and the process is well after it.
 */

const TIMEOUT_MS = 700;
/** A call has one try, and the control requests that follow it. */
const ENDS_WITHIN_MS = 20_000;

const head = (more: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${more}\r\n`;
const whole = (body: string | Buffer, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(head(`content-length: ${Buffer.byteLength(body)}\r\n${more}`)),
    Buffer.from(body),
  ]);

/** Writes `piece` again and again for as long as the socket takes it. */
function flood(socket: Socket, piece: string | Buffer): void {
  const write = (): void => {
    if (socket.destroyed || !socket.write(piece)) socket.once('drain', () => setImmediate(write));
    else setImmediate(write);
  };
  write();
}

function drip(socket: Socket, bytes: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && !socket.destroyed) socket.write(bytes.subarray(at, ++at));
    else clearInterval(timer);
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

type Attack = (socket: Socket, good: string) => void;

const write =
  (bytes: (good: string) => string | Buffer): Attack =>
  (socket, good) =>
    void socket.write(bytes(good));
const writeAndEnd =
  (bytes: (good: string) => string | Buffer): Attack =>
  (socket, good) =>
    void socket.end(bytes(good));

const BOMB = gzipSync(Buffer.alloc(REPLY_BYTES_MAX + 1, ' '), { level: 1 });
const DEEP = 200_000;
const JUNK = 'GET / HTTP/1.1\r\n\r\n';

const ATTACKS: Readonly<Record<string, Attack>> = {
  'bytes that come one by one': (socket, good) => drip(socket, whole(good), 30),
  'a head that comes byte by byte': (socket) => drip(socket, Buffer.from(head('x: y\r\n'.repeat(100))), 30),
  'a header of a megabyte': write((good) => whole(good, `x-long: ${'x'.repeat(1 << 20)}\r\n`)),
  'ten thousand headers': write((good) => whole(good, 'x-many: 1\r\n'.repeat(10_000))),
  'headers without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    flood(socket, 'x-more: 1\r\n'.repeat(1000));
  },
  'a chunk whose length is no number': write(
    (good) => `${head('transfer-encoding: chunked\r\n')}ZZZ\r\n${good}\r\n0\r\n\r\n`,
  ),
  'a chunk of 2^64 bytes': write(
    (good) => `${head('transfer-encoding: chunked\r\n')}FFFFFFFFFFFFFFFF\r\n${good}`,
  ),
  'chunks without end of no bytes': (socket) => {
    socket.write(head('transfer-encoding: chunked\r\n'));
    flood(socket, '1;extension=x\r\n \r\n'.repeat(100));
  },
  'a length that is too short': write((good) => `${head(`content-length: ${good.length >> 1}\r\n`)}${good}`),
  'a length that is too long': writeAndEnd(
    (good) => `${head(`content-length: ${good.length * 2}\r\n`)}${good}`,
  ),
  'a length below zero': write((good) => `${head('content-length: -5\r\n')}${good}`),
  'two lengths': write((good) => `${head(`content-length: 2\r\ncontent-length: ${good.length}\r\n`)}${good}`),
  'a length and chunks': write(
    (good) =>
      `${head(`content-length: 3\r\ntransfer-encoding: chunked\r\n`)}${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`,
  ),
  'two replies': write((good) => Buffer.concat([whole(good), whole(good.replaceAll('five', 'nine'))])),
  'a web page': write(() => whole('<!DOCTYPE html><html><body>Welcome</body></html>')),
  'a redirect with an escape for terminals': write(
    () =>
      'HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\u001b[2J\r\ncontent-length: 0\r\n\r\n',
  ),
  'a redirect to a file': write(
    () => 'HTTP/1.1 308 Moved\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n',
  ),
  'a status of no kind': write((good) => whole(good).toString().replace('200 OK', '999 ?')),
  'another protocol': write(() => 'SSH-2.0-OpenSSH_9.6\r\n'),
  'another version of HTTP': write((good) => whole(good).toString().replace('HTTP/1.1', 'HTTP/9.9')),
  'its own request': write(() => JUNK.repeat(100)),
  'an upgrade': write(
    () => 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  ),
  'interim replies without end': (socket) => flood(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)),
  'early hints without end': (socket) =>
    flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(100)),
  'a body without end': (socket, good) => {
    socket.write(head('') + good.slice(0, -1));
    flood(socket, Buffer.alloc(1 << 20, ' '));
  },
  'a body that unpacks to more than is read': write(() => whole(BOMB, 'content-encoding: gzip\r\n')),
  'a compression that is cut off': write(() => whole(BOMB.subarray(0, 1000), 'content-encoding: gzip\r\n')),
  'bytes that are no UTF-8': write((good) =>
    whole(Buffer.from(good.replace('five', 'f\xefve').replace('0.5', '0.5 \xff'), 'latin1')),
  ),
  'NaN and Infinity in place of numbers': write((good) =>
    whole(good.replaceAll(/0\.\d+|:\d+/g, (found) => (found.startsWith(':') ? ':NaN' : '-Infinity'))),
  ),
  'numbers that are too large': write((good) =>
    whole(good.replaceAll(/0\.\d+/g, '1e999').replaceAll(/:\d+/g, ':1e999')),
  ),
  'an array that is nested deep': write(() => whole('['.repeat(DEEP) + ']'.repeat(DEEP))),
  'an object that is nested deep, and cut': write(() => whole('{"a":'.repeat(DEEP))),
  'an error that is nested deep': write(() =>
    whole(`{"error":${'{"error":'.repeat(9000)}1${'}'.repeat(9001)}`),
  ),
  'a key twice': write((good) => whole(good.replace('{', '{"choices":[],"data":[],"content":[],'))),
  '__proto__ in place of what was asked for': write((good) =>
    whole(`{"__proto__":${good},"constructor":{"prototype":1}}`),
  ),
  nothing: write(() => whole('')),
  null: write(() => whole('null')),
  'nothing at all': () => undefined,
  'an end at once': (socket) => void socket.end(),
  'a reset at once': (socket) => void socket.resetAndDestroy(),
  'a reset within the body': (socket, good) => {
    socket.write(whole(good).subarray(0, -3));
    setTimeout(() => socket.resetAndDestroy(), 20);
  },
};

/** A server whose every connection, once a whole request has come, does what the attack says. Gives its address, and what it could send. */
async function attackBy(
  t: TestContext,
  attack: Attack,
  good: string,
  isBatch = false,
): Promise<{ url: string; sentBytes(): number }> {
  const sockets = new Set<Socket>();
  let sent = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sent += socket.bytesWritten;
      sockets.delete(socket);
    });
    let seen = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(seen.toString('latin1'))?.[1] ?? 0);
      if (end < 0 || seen.length < end + 4 + length) return;
      // The pool's polls of metrics and models are no part of the test.
      if (!isBatch && seen.subarray(0, 4).toString() === 'GET ')
        return void socket.end('HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n');
      seen = Buffer.alloc(0);
      attack(socket, good);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const live = (): number => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    sentBytes: () => sent + live(),
  };
}

async function outcomeOf(
  { open, ask }: ProtocolKind,
  url: string,
): Promise<readonly unknown[] | ScaleQuestError> {
  const [kind, ...more] = Object.entries(open);
  const limits = { retriesMax: 0, timeoutMs: TIMEOUT_MS, unreachableMs: TIMEOUT_MS };
  const options = { replicas: [url], ...limits, ...(kind![1] as object) };
  const config = { [kind![0]]: options, ...Object.fromEntries(more) };
  const deps = { env: {}, folder: '.', clock: systemClock, random: () => 0 };
  const model = await openModel('m', config as never, deps);
  const late = setTimeout(
    () => assert.fail(`nothing came of it within ${ENDS_WITHIN_MS} ms`),
    ENDS_WITHIN_MS,
  );
  try {
    return await ask(model);
  } catch (error) {
    assert.ok(error instanceof ScaleQuestError, String((error as Error).stack));
    return error;
  } finally {
    clearTimeout(late);
    await model.close();
  }
}

/** Makes an attack on a model of its own. Gives what became of it: `a value`, or the code of an error. */
async function outcomeOfAttack(
  t: TestContext,
  kind: ProtocolKind,
  what: keyof typeof ATTACKS,
): Promise<string> {
  const isBatch = Object.keys(kind.open)[0]!.endsWith('Batch');
  const { url, sentBytes } = await attackBy(t, ATTACKS[what]!, JSON.stringify(kind.reply), isBatch);
  const outcome = await outcomeOf(kind, url);
  if (outcome instanceof ScaleQuestError) assertShown(what, outcome);
  else for (const value of outcome) assertSent(what, value);
  // A server that writes without end is stopped at the bound of a reply; each call has some requests.
  if (what.includes('without end')) assert.ok(sentBytes() < 12 * REPLY_BYTES_MAX, `${what}: ${sentBytes()}`);
  return outcome instanceof ScaleQuestError ? outcome.code : 'a value';
}

/** Makes every attack, all at once. Gives what became of each. */
async function attackAll(t: TestContext, kind: ProtocolKind): Promise<string[]> {
  const names = Object.keys(ATTACKS);
  const outcomes = await Promise.all(names.map((what) => outcomeOfAttack(t, kind, what)));
  t.diagnostic(names.map((what, at) => `${what}: ${outcomes[at]}`).join('\n'));
  return outcomes;
}

function assertShown(what: string, { code, message }: ScaleQuestError): void {
  assert.notEqual(code, 'ERR_INVARIANT', what);
  assert.doesNotMatch(message, /(?![\n\t])\p{Cc}/u, what);
  assert.ok(message.length < 3000, `${what}: ${message.length}`);
}

function assertSent(what: string, value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${what}: ${value}`);
  else assert.doesNotMatch(value as string, /nine|\ufffd/, what);
}

for (const [name, kind] of Object.entries(PROTOCOL_KINDS)) {
  test(
    `${name}: whatever a socket writes, a call ends in a value that was sent or in an error of ours`,
    { timeout: 120_000 },
    async (t) => {
      const good = JSON.stringify(kind.reply);
      const clean = await outcomeOf(kind, (await attackBy(t, write(whole), good)).url);
      assert.ok(Array.isArray(clean), String(clean));
      await attackAll(t, kind);
      // A test that only meets errors, or none, would show nothing. Each by itself: among the others a busy machine may be late.
      const outcomeOfOne = (what: string) => outcomeOfAttack(t, kind, what);
      assert.notEqual(await outcomeOfOne('bytes that come one by one'), 'a value');
      assert.equal(await outcomeOfOne('two replies'), 'a value');
      assert.equal(await outcomeOfOne('a web page'), 'ERR_MODEL_PROTOCOL');
      assert.equal(await outcomeOfOne('a redirect to a file'), 'ERR_MODEL_REFUSED');
    },
  );
}

const BATCH = { gatherMs: 0, pollMs: 20 };

for (const [name, options] of [
  ['openaiBatch', { model: 'm', protocol: 'chat' }],
  ['anthropicBatch', { model: 'm' }],
] as const)
  test(`${name}: the same at each address of its API`, { timeout: 120_000 }, async (t) => {
    const kind = {
      open: { [name]: { ...options, ...BATCH } },
      reply: { id: 'five', status: 'completed', data: [] },
      ask: PROTOCOL_KINDS['chat']!.ask,
    };
    assert.ok(!(await attackAll(t, kind)).includes('a value'));
  });
