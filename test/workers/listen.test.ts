import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { after, test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { ScaleQuestError } from '../../src/errors.js';
import { connectToCoordinator } from '../../src/workers/connect.js';
import type { WorkerLink } from '../../src/workers/link.js';
import { type Listening, listenForWorkers } from '../../src/workers/listen.js';
import type { WorkerMessage, CoordinatorMessage } from '../../src/workers/messages.js';

const HELLO = { token: 'a-token-of-this-test', code: 'c0de', version: '1.2.3' };
const opened: Listening[] = [];
after(() => Promise.all(opened.map((each) => each.close())));

async function listen(
  onLink: (link: WorkerLink<CoordinatorMessage, WorkerMessage>, name: string) => void = () => {},
) {
  const options = { host: '127.0.0.1', port: 0, clock: systemClock, ...HELLO };
  const listening = await listenForWorkers(options, onLink);
  opened.push(listening);
  return listening;
}

function connect(url: string, more: Partial<typeof HELLO> = {}) {
  return connectToCoordinator({ url: new URL(url), name: 'w/1', clock: systemClock, ...HELLO, ...more });
}

function refusedWith(text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ScaleQuestError && error.code === 'ERR_WORKER_REFUSED', `${error}`);
    assert.match(error.message, text);
    return true;
  };
}

test('a worker with token and code gets a link; what is sent last arrives though the coordinator closes', async () => {
  const got: unknown[] = [];
  const listening = await listen((link, name) => {
    link.listen(
      (message) => {
        got.push([name, message.kind]);
        link.send({ kind: 'done' });
        void listening.close();
      },
      () => got.push('closed'),
    );
    link.send({ kind: 'alive' });
  });
  const link = await connect(listening.url);
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    link.listen((message) => told.push(message.kind), resolve);
    link.send({ kind: 'beat', counts: {} });
  });
  assert.deepEqual(told, ['alive', 'done']);
  assert.deepEqual(got[0], ['w/1', 'beat']);
});

test('another token, other code, or another path: refused with the reason, and no link', async () => {
  let links = 0;
  const { url } = await listen(() => (links += 1));
  await assert.rejects(connect(url, { token: 'another-token-here' }), refusedWith(/401.*another token/));
  await assert.rejects(
    connect(url, { code: 'beef', version: '1.2.2' }),
    refusedWith(/409.*version 1\.2\.2, code beef.*version 1\.2\.3, code c0de/),
  );
  const status = await new Promise((resolve) => {
    request(`${url}/worker`, ({ statusCode }) => resolve(statusCode)).end();
  });
  assert.equal(status, 426);
  assert.equal(links, 0);
});

test('what speaks no HTTP gets no link, and holds nothing up', async () => {
  const { url } = await listen(() => assert.fail('no link'));
  const socket = connectSocket(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('\0\0\0\0\xff\xff\xff\xff\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve).resume());
});

test('an address that cannot be had is said', async () => {
  const { url } = await listen();
  await assert.rejects(
    listenForWorkers(
      { host: '127.0.0.1', port: Number(new URL(url).port), clock: systemClock, ...HELLO },
      () => {},
    ),
    { code: 'ERR_WORKER_LISTEN', message: /127\.0\.0\.1:\d+.*EADDRINUSE.*--listen/ },
  );
});
