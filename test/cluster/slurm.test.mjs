import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  scalequest,
  serverPids,
  shardsOf,
  unbroken,
} from './project.mjs';
import { startSlurm, until } from './slurm.mjs';

let folder;
let slurm;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scalequest-cluster-'));
  mkdirSync(join(folder, 'slurm'), { mode: 0o700 });
  slurm = await startSlurm(join(folder, 'slurm'));
});

after(async () => {
  await slurm?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const project = (name) => makeProject(join(folder, name));

function submit(path, ...flags) {
  const args = ['cluster', 'slurm', 'set.yaml', '--nodes', '2', '--gpus-per-node', '2', ...flags];
  const { status, stdout, stderr } = scalequest(path, ...args, '--scalequest', `${process.execPath} ${MAIN}`);
  assert.equal(status, 0, stderr);
  return slurm.run('sbatch', ['--parsable'], { input: stdout, cwd: path });
}

const stateOf = (job) => /JobState=(\w+)/.exec(slurm.run('scontrol', ['show', 'job', job]))[1];
const outputOf = (path, job) => readFileSync(join(path, `slurm-${job}.out`), 'utf8');

/** The state in which a job ends, and its exit code. */
async function endOf(path, job) {
  const isOver = () => !['PENDING', 'RUNNING', 'COMPLETING', 'CONFIGURING'].includes(stateOf(job));
  await until(isOver, 240_000, 500).catch((error) => {
    throw new Error(`${error.message}\n${outputOf(path, job)}`);
  });
  const shown = slurm.run('scontrol', ['show', 'job', job]);
  return { state: stateOf(job), exitCode: Number(/ExitCode=(\d+):/.exec(shown)[1]) };
}

test('the printed script on two nodes: a server and the run are killed; the unbroken run’s bytes', async () => {
  const wanted = await unbroken(project('unbroken'));
  const path = project('killed');
  const job = submit(path);
  await until(() => committed(path) >= 1, 120_000).catch((error) => {
    throw new Error(`${error.message}\n${outputOf(path, job)}`);
  });
  const listed = listedIn(path);
  assert.ok(listed.length >= 1, `${listed}`);

  process.kill(serverPids()[0], 'SIGKILL');
  const [run] = pidsWith(MAIN, ' run ', path);
  const killedMs = Date.now();
  process.kill(run, 'SIGKILL');
  const backMs = await until(() => resumedMs(path, killedMs), 60_000);
  const nextMs = await until(() => committedMs(path, killedMs), 60_000);
  const seconds = (ms) => ((ms - killedMs) / 1000).toFixed(1);
  console.log(
    `  after its kill the run was back in ${seconds(backMs)} s, with a new commit in ${seconds(nextMs)} s`,
  );

  const end = await endOf(path, job);
  assert.deepEqual(end, { state: 'COMPLETED', exitCode: 0 }, outputOf(path, job));
  assert.deepEqual(shardsOf(path), wanted);
  assert.ok(listedIn(path).length <= 1);
  await until(() => serverPids().length === 0, 20_000);
});

test('cancelled before its limit: the run commits and ends, the servers end; submitted again it goes on to the unbroken run’s bytes', async () => {
  const path = project('cut');
  const first = submit(path);
  await until(() => committed(path) >= 1, 120_000);
  slurm.run('scancel', ['--batch', '--signal=TERM', first]);
  const end = await endOf(path, first);
  assert.deepEqual(end, { state: 'FAILED', exitCode: 130 }, outputOf(path, first));
  await until(() => serverPids().length === 0, 20_000);
  assert.deepEqual(listedIn(path), []);
  const second = submit(path);
  assert.deepEqual(await endOf(path, second), { state: 'COMPLETED', exitCode: 0 }, outputOf(path, second));
  assert.deepEqual(shardsOf(path), shardsOf(join(folder, 'unbroken')));
});

test('submitted twice: the second job takes the run over, the first ends with the code for that', async () => {
  const path = project('twice');
  const first = submit(path, '--nodes', '1');
  await until(() => committed(path) >= 1, 120_000);
  const second = submit(path, '--nodes', '1');
  assert.deepEqual(await endOf(path, first), { state: 'FAILED', exitCode: 8 }, outputOf(path, first));
  assert.deepEqual(await endOf(path, second), { state: 'COMPLETED', exitCode: 0 }, outputOf(path, second));
  assert.deepEqual(shardsOf(path), shardsOf(join(folder, 'unbroken')));
});
