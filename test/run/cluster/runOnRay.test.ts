import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { type RayEvent, type RayOptions, runOnRay } from '../../../src/run/cluster/runOnRay.js';
import { packageVersion } from '../../../src/run/systemWorld.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

interface Submitted {
  submission_id: string;
  entrypoint: string;
  runtime_env: { env_vars: Record<string, string> };
  metadata: Record<string, string>;
}

interface Listed {
  submission_id: string;
  status: string;
  metadata: Record<string, string>;
  driver_exit_code: number | null;
  message: string;
}

/** The Jobs API as Ray answers, over jobs that only stand in a list. */
async function startCluster() {
  const jobs: Listed[] = [];
  const submitted: Submitted[] = [];
  const requests: string[] = [];
  /** Changes an answer. */
  const faults: { answer?: (path: string, response: ServerResponse) => boolean } = {};
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    requests.push(`${request.method} ${request.url}`);
    if (request.method === 'POST' && request.url === '/api/jobs/') {
      const job = JSON.parse(body) as Submitted;
      submitted.push(job);
      jobs.push({ ...job, status: 'SUCCEEDED', driver_exit_code: 0, message: '' });
    }
    if (faults.answer?.(request.url!, response)) return;
    response.end(JSON.stringify(answerTo(request.url!)));
  }
  const server = createServer((request, response) => void receive(request, response));
  function answerTo(url: string): unknown {
    if (url === '/api/version') return { version: '4', ray_version: '2.60.0' };
    if (url === '/api/jobs/') return submitted.length > 0 ? submitted.at(-1) : jobs;
    const [, id, end] = /^\/api\/jobs\/([^/]+)(\/\w+)?$/.exec(url)!;
    const job = jobs.find(({ submission_id }) => submission_id === id)!;
    if (end === '/logs') return { logs: 'a line\n' };
    if (end !== '/stop') return job;
    Object.assign(job, { status: 'STOPPED' });
    return { stopped: true };
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, jobs, submitted, requests, faults };
}

function project(): string {
  const folder = temporaryFolder();
  const lines = [
    ...['name: set', 'limit: 3', 'models:', '  solver:', '    openai:', '      model: m'],
    '      replicasFrom: servers',
    '      serve: { on: cluster, command: [vllm, "{port}"] }',
    ...['    template: qwen2-math', 'steps:'],
    ...['  - generate: { generators: [{ model: solver }], tokensMax: 9 }', ''],
  ];
  writeFileSync(join(folder, 'set.yaml'), lines.join('\n'));
  return folder;
}

function start(folder: string, on: string, more: Partial<RayOptions> = {}, env = {}) {
  const events: RayEvent[] = [];
  const options: RayOptions = {
    ...{ on, folder, clusterFolder: undefined, out: undefined, scalequest: ['npx', 'scalequest'] },
    ...{ python: ['python3'], env: [], stop: false, detach: false, signal: new AbortController().signal },
    ...{ onEvent: (event: RayEvent) => events.push(event), ...more },
  };
  const result = runOnRay(join(folder, 'set.yaml'), options, { env, clock: systemClock });
  return { result, events };
}

test('the job: the driver, what it places, variables that are named; then its log and its end', async () => {
  const cluster = await startCluster();
  const folder = project();
  const { result, events } = start(folder, cluster.url, { env: ['HF_TOKEN'] }, { HF_TOKEN: 't', OTHER: 'o' });
  const outcome = await result;
  const [job] = cluster.submitted;
  const { SCALEQUEST_RAY_DRIVER, SCALEQUEST_RAY_PLAN, ...env } = job!.runtime_env.env_vars;
  assert.equal(job!.entrypoint.startsWith('python3 -c '), true);
  assert.match(SCALEQUEST_RAY_DRIVER!, /^"""Places the processes of a run/);
  const plan = JSON.parse(SCALEQUEST_RAY_PLAN!) as Record<string, unknown>;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'set.yaml')))
    .digest('hex');
  assert.deepEqual(plan.file, { path: join(folder, 'set.yaml'), sha256 });
  assert.equal(plan.version, packageVersion());
  assert.equal(plan.job, job!.submission_id);
  assert.deepEqual(env, {
    ...{ HF_TOKEN: 't', RAY_JOB_STOP_WAIT_TIME_S: '40', RAY_DEDUP_LOGS: '0', RAY_COLOR_PREFIX: '0' },
  });
  assert.deepEqual(outcome, { job: job!.submission_id, status: 'SUCCEEDED', exitCode: 0 });
  assert.deepEqual(events, [
    { event: 'submitted', job: job!.submission_id, ray: '2.60.0' },
    { event: 'log', text: 'a line\n' },
  ]);
});

test('mistakes are found before the first request', async () => {
  const cluster = await startCluster();
  const folder = project();
  const cases: [Partial<RayOptions>, string, RegExp][] = [
    [{ on: 'ray://head:10001' }, 'ERR_USAGE', /ray:\/\/ is the address of another service/],
    [{ on: 'head:8265' }, 'ERR_USAGE', /no address of a dashboard/],
    [{ on: 'http://me:secret@head:8265' }, 'ERR_USAGE', /^(?!.*secret).*without user/],
    [{ env: ['ABSENT'] }, 'ERR_USAGE', /no environment variable ABSENT/],
    [{ clusterFolder: 'work' }, 'ERR_USAGE', /--folder work, expected an absolute path/],
    [{ set: { limit: 0 } }, 'ERR_PIPELINE_INVALID', /limit/],
  ];
  for (const [more, code, message] of cases)
    await assert.rejects(start(folder, cluster.url, more).result, { code, message });
  await assert.rejects(start(folder, cluster.url, {}, { RAY_JOB_HEADERS: 'x' }).result, {
    code: 'ERR_USAGE',
  });
  assert.deepEqual(cluster.requests, []);
});

/** As if the job went on for a while. */
async function withRunning(more: Partial<RayOptions> = {}) {
  const cluster = await startCluster();
  const folder = project();
  await start(folder, cluster.url, { detach: true, ...more }).result;
  const [job] = cluster.jobs;
  Object.assign(job!, { status: 'RUNNING', driver_exit_code: null });
  cluster.submitted.length = 0;
  return { cluster, folder, job: job! };
}

test('the same command comes back to its job, and starts none beside it; Ctrl-C leaves it', async () => {
  const { cluster, folder, job } = await withRunning();
  const abort = new AbortController();
  const { result, events } = start(folder, cluster.url, {
    signal: abort.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.event === 'log') abort.abort();
    },
  });
  assert.equal(await result, null);
  assert.deepEqual(events[0], { event: 'joined', job: job.submission_id, ray: '2.60.0' });
  assert.deepEqual([cluster.submitted.length, job.status], [0, 'RUNNING']);
});

test('with other settings it is refused; another run folder is another run', async () => {
  const { cluster, folder } = await withRunning();
  await assert.rejects(start(folder, cluster.url, { set: { limit: 2 } }).result, {
    code: 'ERR_CLUSTER_JOB',
    message: /another text or other settings.*--stop/,
  });
  assert.equal(cluster.submitted.length, 0);
  await start(folder, cluster.url, { out: 'runs/other', set: { limit: 2 } }).result;
  assert.equal(cluster.submitted.length, 1);
});

test('--stop stops it and follows it to its end; without a job it says so', async () => {
  const { cluster, folder, job } = await withRunning();
  const { result, events } = start(folder, cluster.url, { stop: true, set: { limit: 2 } });
  assert.deepEqual(await result, { job: job.submission_id, status: 'STOPPED', exitCode: null });
  assert.equal(events[0]!.event, 'stopping');
  await assert.rejects(start(folder, cluster.url, { stop: true }).result, {
    code: 'ERR_CLUSTER_JOB',
    message: /no job of this run/,
  });
});

test('a reply to the submission that is lost leaves the job found', async () => {
  const cluster = await startCluster();
  cluster.faults.answer = (path, response) => {
    if (path !== '/api/jobs/' || cluster.submitted.length === 0) return false;
    response.destroy();
    return true;
  };
  const { result } = start(project(), cluster.url);
  assert.equal((await result)?.status, 'SUCCEEDED');
  assert.equal(cluster.submitted.length, 1);
});
