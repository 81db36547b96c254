import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  MAIN,
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

/** `scalequest run set.yaml --on`, as a user types it. */
function submit(path, ...flags) {
  const args = ['run', 'set.yaml', '--out', 'runs/set', '--on', ray.address, ...flags];
  const child = spawn(process.execPath, [MAIN, ...args, '--scalequest', `${process.execPath} ${MAIN}`], {
    cwd: path,
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
  await untilIn(job, () => committed(path) >= 1 && serverPids().length >= 2);

  let known = readdirSync(logs);
  let killedMs = kill(serverPids()[0]);
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

  assert.equal(await job.ended, 0, saidBy(job));
  assert.deepEqual(shardsOf(path), await wanted);
  const { asked, twice } = askedTwice(logs);
  assert.deepEqual(askedInVain(logs, killsMs), []);
  figures.push(`${asked} requests, ${twice} of them again: in flight at a kill`);
  for (const figure of figures) console.log(`  ${figure}`);
  await until(() => serverPids().length === 0 && runPids(path).length === 0, 30_000);
});
