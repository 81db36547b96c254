import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  MAIN,
  parentOf,
  committed,
  committedMs,
  listedIn,
  makeProject,
  pidsWith,
  resumedMs,
  serverPids,
  shardsOf,
  unbroken,
} from './project.mjs';
import { startRay } from './ray.mjs';
import { until } from './slurm.mjs';

const LIMIT = 2000;
/** A reply is durable so long after it came at the latest; test/crash measures less than 0.2 s. */
const DURABLE_MS = 1_000;

let folder;
let ray;
let wanted;
const submitted = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqray-'));
  wanted = unbroken(makeProject(join(folder, 'unbroken'), { limit: LIMIT }), 0);
  wanted.catch(() => {});
  ray = await startRay(join(folder, 'ray'));
  for (const host of ['127.0.0.2', '127.0.0.3']) ray.addNode(host);
  await until(async () => (await ray.aliveNodes()).length === 3, 120_000, 500);
});

after(() => {
  for (const child of submitted) child.kill('SIGKILL');
  ray?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `scalequest run set.yaml --on`, as a user types it. Behind the flags may stand another cluster and environment. */
function submit(path, ...flags) {
  const { on = ray.address, env = {} } = typeof flags.at(-1) === 'object' ? flags.pop() : {};
  const args = ['run', 'set.yaml', '--out', 'runs/set', '--on', on];
  const program = ['--scalequest', `${process.execPath} ${MAIN}`];
  const child = spawn(process.execPath, [MAIN, ...args, ...program, ...flags], {
    ...{ cwd: path, env: { ...process.env, ...env } },
  });
  const job = { child, stdout: '', stderr: '' };
  submitted.push(child);
  child.stdout.on('data', (bytes) => (job.stdout += bytes));
  child.stderr.on('data', (bytes) => (job.stderr += bytes));
  job.ended = new Promise((resolve) => child.once('close', resolve));
  return job;
}

const saidBy = ({ stdout, stderr }) => `${stdout}\n${stderr}`;

/** Waits as `until` does; the error has what the job wrote. */
async function untilIn(job, isSo, timeoutMs = 120_000) {
  const end = job.ended.then((code) => {
    throw new Error(`the job ended with ${code}\n${saidBy(job)}`);
  });
  const so = until(isSo, timeoutMs, 50).catch((error) => {
    throw new Error(`${error.message}\n${saidBy(job)}`);
  });
  end.catch(() => {});
  return Promise.race([so, end]);
}

/** What the servers were asked: { atMs, word, hash, number, server }, in order of time. */
function requestsIn(logs) {
  const entries = readdirSync(logs).flatMap((name) =>
    readFileSync(join(logs, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [atMs, word, hash, number] = line.split(' ');
        return { atMs: Number(atMs), word, hash, number, server: name };
      }),
  );
  return entries.sort((one, other) => one.atMs - other.atMs);
}

/** When a server that is not among `known` was asked for the first time. */
const firstCallMs = (logs, known) =>
  requestsIn(logs).find(({ word, server }) => word === 'asked' && !known.includes(server))?.atMs;

/**
 * Requests that were asked again though nothing made that needed: their first reply had come while its server lived, and was durable
 * before the run was killed.
 */
function askedInVain(logs, killsMs) {
  const requests = requestsIn(logs);
  const doneMs = new Map();
  const vain = [];
  for (const { word, hash, atMs } of requests) {
    if (word === 'done') doneMs.set(hash, atMs);
    else if (doneMs.has(hash)) {
      const before = doneMs.get(hash);
      if (!killsMs.some((killMs) => before > killMs - DURABLE_MS && before < killMs + DURABLE_MS))
        vain.push(hash);
    }
  }
  return vain;
}

function askedTwice(logs) {
  const asked = requestsIn(logs).filter(({ word }) => word === 'asked');
  return { asked: asked.length, twice: asked.length - new Set(asked.map(({ hash }) => hash)).size };
}

const runPids = (path) => pidsWith(MAIN, ' run ', path, '--take-over');
function kill(pid) {
  process.kill(pid, 'SIGKILL');
  return Date.now();
}

const seconds = (fromMs, toMs) => `${((toMs - fromMs) / 1000).toFixed(1)} s`;

test('a server, a node and the run are killed: the unbroken run’s bytes, and nothing is asked twice in vain', async () => {
  const logs = join(folder, 'killed', 'logs');
  const path = makeProject(join(folder, 'killed'), { limit: LIMIT, logs, serve: ', replicas: 2' });
  const job = submit(path);
  const killsMs = [];
  const figures = [];
  await untilIn(job, () => committed(path) >= 1 && serverPids(logs).length >= 2);

  let known = readdirSync(logs);
  let killedMs = kill(serverPids(logs)[0]);
  const serverMs = await untilIn(job, () => firstCallMs(logs, known));
  figures.push(`a killed server is back and asked after ${seconds(killedMs, serverMs)}`);

  const [run] = runPids(path);
  const host = ray.nodeOf(run);
  assert.match(host, /^127/);
  ray.killNode(host);
  killedMs = Date.now();
  killsMs.push(killedMs);
  const nodeMs = await untilIn(job, () => resumedMs(path, killedMs));
  figures.push(`the run, whose node ${host} was lost, is back on another after ${seconds(killedMs, nodeMs)}`);
  await untilIn(job, () => committedMs(path, nodeMs));

  known = readdirSync(logs);
  const addedMs = Date.now();
  ray.addNode('127.0.0.4');
  const listed = listedIn(path);
  const listedMs = await untilIn(
    job,
    () => listedIn(path).some((name) => !listed.includes(name)) && Date.now(),
  );
  const askedMs = await untilIn(job, () => firstCallMs(logs, known));
  figures.push(
    `a new node’s server is listed after ${seconds(addedMs, listedMs)}, asked ${seconds(listedMs, askedMs)} later`,
  );

  killedMs = kill(runPids(path)[0]);
  killsMs.push(killedMs);
  const backMs = await untilIn(job, () => resumedMs(path, killedMs));
  const nextMs = await untilIn(job, () => committedMs(path, backMs));
  figures.push(
    `the killed run is back after ${seconds(killedMs, backMs)}, with a new commit after ${seconds(killedMs, nextMs)}`,
  );

  // The guard stands between the process and the actor.
  killedMs = kill(parentOf(parentOf(runPids(path)[0])));
  killsMs.push(killedMs);
  const actorMs = await untilIn(job, () => resumedMs(path, killedMs));
  figures.push(`the run, whose actor was killed, is back after ${seconds(killedMs, actorMs)}`);

  assert.equal(await job.ended, 0, saidBy(job));
  assert.deepEqual(shardsOf(path), await wanted);
  const { asked, twice } = askedTwice(logs);
  assert.deepEqual(askedInVain(logs, killsMs), []);
  figures.push(`${asked} requests, ${twice} of them again: in flight at a kill`);
  for (const figure of figures) console.log(`  ${figure}`);
  await until(() => serverPids(logs).length === 0 && runPids(path).length === 0, 30_000);
});

test('a folder that a node does not share: exit code 5 before a server is asked, with node and folder', async () => {
  const logs = join(folder, 'unshared', 'logs');
  const path = makeProject(join(folder, 'unshared'), { logs });
  const hide = ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs none ${path} && exec "$@"`, 'sh'];
  const before = (await ray.aliveNodes()).length;
  ray.addNode('127.0.0.5', { gpus: 0, wrapper: hide });
  try {
    await until(async () => (await ray.aliveNodes()).length === before + 1, 120_000, 500);
    const job = submit(path);
    assert.equal(await job.ended, 5, saidBy(job));
    assert.match(
      job.stdout,
      new RegExp(`node 127\\.0\\.0\\.5 does not see ${path}, expected a folder that all nodes share`),
    );
    assert.deepEqual(readdirSync(logs), []);
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith('.ray-')),
      [],
    );
  } finally {
    ray.killNode('127.0.0.5');
    await until(async () => (await ray.aliveNodes()).length === before, 120_000, 500);
  }
});

test('no GPU is free: what is waited for is said; Ctrl-C leaves the job, the same command finds it, --stop ends it', async () => {
  const path = makeProject(join(folder, 'greedy'), { serve: ', replicas: 1, gpusEach: 3' });
  const job = submit(path);
  await untilIn(job, () =>
    /1 of 1 servers of solver wait for 3 GPUs each; the cluster has 2 GPUs, 2 free, 1 on one/.test(
      job.stdout,
    ),
  );
  job.child.kill('SIGINT');
  assert.equal(await job.ended, 130);
  assert.match(job.stderr, /The job goes on\. The same command follows it again; with --stop it stops it\./);
  const again = submit(path);
  await untilIn(again, () => /runs already at/.test(again.stderr) && /3 GPUs each/.test(again.stdout));
  const other = submit(path, '--set', 'limit=7');
  assert.equal(await other.ended, 9, saidBy(other));
  assert.match(other.stderr, /with another text or other settings/);
  const stop = submit(path, '--stop');
  assert.deepEqual([await stop.ended, await again.ended], [130, 130], saidBy(stop));
  const none = submit(path, '--stop');
  assert.equal(await none.ended, 9);
  assert.match(none.stderr, /found no job of this run/);
});

test('from a folder that the nodes see elsewhere, stopped amid the run: it commits, the servers leave their list and end; the same command goes on to the same bytes', async () => {
  const logs = join(folder, 'stopped', 'logs');
  const path = makeProject(join(folder, 'stopped'), { limit: LIMIT, logs });
  const here = makeProject(join(folder, 'laptop'), { limit: LIMIT, logs });
  const there = ['--folder', path];
  const detached = submit(here, ...there, '--detach');
  assert.equal(await detached.ended, 0, saidBy(detached));
  await until(() => committed(path) >= 2, 120_000);
  const stop = submit(here, ...there, '--stop');
  assert.equal(await stop.ended, 130, saidBy(stop));
  assert.match(stop.stdout, /Committed in runs\/set: \d+ rows kept/);
  await until(() => serverPids(logs).length === 0, 5_000);
  assert.deepEqual(listedIn(path), []);
  const stoppedMs = requestsIn(logs).at(-1).atMs;
  const job = submit(here, ...there);
  assert.equal(await job.ended, 0, saidBy(job));
  assert.deepEqual(readdirSync(here).sort(), ['servers', 'set.yaml']);
  assert.deepEqual(shardsOf(path), await wanted);
  assert.deepEqual(askedInVain(logs, [stoppedMs]), []);
});

test('nodes that cannot run it are named: no scalequest, another version, another file; a server that ends; a Python without Ray', async () => {
  const path = makeProject(join(folder, 'wrong'), { command: ['false', '{port}'], serve: ', replicas: 1' });
  const missing = submit(path, '--scalequest', 'not-there');
  assert.equal(await missing.ended, 5, saidBy(missing));
  assert.match(missing.stdout, /`not-there --version` cannot be started on node 127\.0\.0\.\d/);
  const older = submit(path, '--scalequest', 'echo 0.0.9');
  assert.equal(await older.ended, 5, saidBy(older));
  assert.match(older.stdout, /found scalequest 0\.0\.9 --version on node .*, expected \d+\.\d+\.\d+/);
  const text = makeProject(join(folder, 'wrong-text'), { limit: 5 });
  const changed = submit(text, '--folder', path);
  assert.equal(await changed.ended, 5, saidBy(changed));
  assert.match(changed.stdout, /found another .*set\.yaml on node .* than the one that was submitted/);
  const bare = submit(path, '--python', '/usr/bin/python3 -S');
  assert.equal(await bare.ended, 9, saidBy(bare));
  assert.match(bare.stdout, /found no Ray in .*name it with --python/);
  const dead = submit(path);
  assert.equal(await dead.ended, 4, saidBy(dead));
  assert.match(dead.stdout, /solver-1 gave up with exit code 4/);
  assert.match(dead.stdout, /no server of solver can be started/);
});

test('a dashboard with a token: without one, or with another, exit code 9; with it the job runs', async () => {
  const secret = 'x'.repeat(32);
  const own = await startRay(join(folder, 'own'), { RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: secret });
  try {
    const path = makeProject(join(folder, 'token'), { serve: ', replicas: 1' });
    const ask = (env) => submit(path, { on: own.address, env });
    const none = ask({});
    assert.equal(await none.ended, 9);
    assert.match(none.stderr, /refuses the request \(401.*set RAY_AUTH_TOKEN/);
    const other = ask({ RAY_AUTH_TOKEN: 'y'.repeat(32) });
    assert.equal(await other.ended, 9);
    assert.match(other.stderr, /refuses the request \(40[13]/);
    const known = ask({ RAY_AUTH_TOKEN: secret });
    await untilIn(known, () => /1 of 1 servers of solver wait for 1 GPU each/.test(known.stdout));
    assert.ok(!saidBy(known).includes(secret));
    known.child.kill('SIGINT');
    assert.equal(await known.ended, 130);
  } finally {
    own.stop();
  }
});
