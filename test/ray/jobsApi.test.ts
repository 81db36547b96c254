import assert from 'node:assert/strict';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { type JobsApi, openJobsApi } from '../../src/ray/jobsApi.js';

/** A dashboard that answers as it is told; what the real one answers is in test/cluster/ray.test.mjs. */
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const closers: (() => void)[] = [];
after(() => closers.forEach((close) => close()));

async function dashboard(
  answer: Answer,
  path = '',
  timeoutMs = 20_000,
): Promise<{ api: JobsApi; address: string }> {
  const sockets = new Set<Socket>();
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    answer(request, response, body);
  }
  const server = createServer((request, response) => void receive(request, response));
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return { api: apiOf(address, {}, timeoutMs), address };
}

function apiOf(address: string, headers: Record<string, string> = {}, timeoutMs = 20_000): JobsApi {
  return openJobsApi({ address, headers, clock: systemClock, timeoutMs });
}

const json =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const text =
  (value: string, status: number, headers = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(value);

const JOB = {
  ...{ type: 'SUBMISSION', submission_id: 'j1', status: 'FAILED', entrypoint: 'x', driver_exit_code: 6 },
  ...{ message: 'it failed', metadata: { a: 'b' }, runtime_env: { env_vars: {} } },
};

test('a job is sent whole, with its headers; its path may stand behind a proxy’s', async () => {
  const seen: unknown[] = [];
  const { address } = await dashboard((request, response, body) => {
    const { authorization, 'user-agent': agent = '', 'sec-fetch-mode': mode } = request.headers;
    seen.push([request.method, request.url, authorization, JSON.parse(body), agent, mode]);
    response.end('{"job_id":"j1","submission_id":"j1"}');
  }, '/ray/');
  const api = apiOf(address, { authorization: 'Bearer t' });
  await api.submit({ id: 'j1', entrypoint: 'true', env: { A: '1' }, metadata: { k: 'v' } });
  const body = {
    ...{ submission_id: 'j1', entrypoint: 'true' },
    ...{ runtime_env: { env_vars: { A: '1' } }, metadata: { k: 'v' } },
  };
  assert.deepEqual(seen, [['POST', '/ray/api/jobs/', 'Bearer t', body, '', undefined]]);
});

test('jobs are read; an exit code that stands in words alone too', async () => {
  const words = {
    ...JOB,
    driver_exit_code: undefined,
    message: 'Job entrypoint command failed with exit code 4, …',
  };
  const other = { type: 'DRIVER', submission_id: null, status: 'RUNNING', message: null, metadata: null };
  const { api } = await dashboard(json([JOB, words, other]));
  assert.deepEqual(await api.list(), [
    { id: 'j1', status: 'FAILED', message: 'it failed', metadata: { a: 'b' }, exitCode: 6 },
    { id: 'j1', status: 'FAILED', message: words.message, metadata: { a: 'b' }, exitCode: 4 },
    { id: null, status: 'RUNNING', message: '', metadata: {}, exitCode: null },
  ]);
});

test('a job that is not there is null; a log is all that was written', async () => {
  const missing = await dashboard(text('Job j2 does not exist', 404));
  assert.equal(await missing.api.job('j2'), null);
  const { api } = await dashboard(json({ logs: 'a\nb' }));
  assert.equal(await api.log('j1'), 'a\nb');
});

test('401 and 403: the message names the variables and not the token', async () => {
  for (const status of [401, 403]) {
    const { address } = await dashboard(text('Unauthorized', status));
    await assert.rejects(
      apiOf(address, { authorization: 'Bearer very-secret' }).version(),
      (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`refuses the request \\(${status}: Unauthorized\\).*RAY_AUTH_TOKEN`),
        );
        assert.doesNotMatch(error.message, /very-secret/);
        return (error as Error & { code: string }).code === 'ERR_CLUSTER_REFUSED';
      },
    );
  }
});

test('what is no Ray: 404, a page, a redirect, other JSON, an older version', async () => {
  const cases: [Answer, RegExp][] = [
    [text('not found', 404), /found status 404 at \/api\/version/],
    [text('<html><body>Welcome</body></html>', 200), /found <html><body>Welcome<\/body><\/html> at/],
    [text('', 302, { location: 'http://127.0.0.1:1/login' }), /found status 302 at/],
    [json({ version: '1.2', kind: 'other' }), /found \{"version":"1.2","kind":"other"\} at/],
    [json({ version: '3', ray_version: '2.2.0' }), /found Ray 2\.2\.0 with version 3 of the Jobs API/],
  ];
  for (const [answer, message] of cases) {
    const { api } = await dashboard(answer);
    await assert.rejects(api.version(), { code: 'ERR_CLUSTER_PROTOCOL', message });
    await assert.rejects(api.version(), { message: /expected version 4 or newer of Ray’s Jobs API/ });
  }
  const { api } = await dashboard(json({ version: '4', ray_version: '2.60.0' }));
  assert.equal(await api.version(), '2.60.0');
});

test('nobody there, silence, a reply that is cut off', async () => {
  const { api: silent } = await dashboard(() => {}, '', 500);
  await assert.rejects(silent.version(), {
    code: 'ERR_CLUSTER_UNREACHABLE',
    message: /no answer within 0\.5 s/,
  });
  const { api: cut } = await dashboard((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"version"');
    setTimeout(() => response.destroy(), 20);
  });
  await assert.rejects(cut.version(), { code: 'ERR_CLUSTER_UNREACHABLE' });
  const { api: halting } = await dashboard(
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"version"');
    },
    '',
    500,
  );
  await assert.rejects(halting.version(), { message: /no answer within/ });
  const gone = apiOf('http://127.0.0.1:1');
  await assert.rejects(gone.version(), {
    code: 'ERR_CLUSTER_UNREACHABLE',
    message: /ECONNREFUSED.*port 8265/,
  });
});

test('what Ray refuses: the last line of its traceback stands in the message', async () => {
  const trace =
    'Traceback (most recent call last):\n  File "x"\nValueError: Job with submission_id j1 already exists.\n';
  const { api } = await dashboard(text(trace, 500));
  await assert.rejects(api.stop('j1'), {
    code: 'ERR_CLUSTER_REFUSED',
    message: /answered 500: ValueError: Job with submission_id j1 already exists\.$/,
    data: { status: 500 },
  });
});
