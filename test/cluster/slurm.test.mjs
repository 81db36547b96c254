import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';
import { startSlurm, until } from './slurm.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const SERVER = join(ROOT, 'test', 'cluster', 'server.mjs');

const SHORT = { sigma: 0.3, capTokens: 40 };
/** Slow enough that a run lasts while things are killed; replies are a function of the request. */
const ENDPOINT = {
  slots: 8,
  timeScale: 1,
  stepBaseMs: 12,
  stepPerSlotMs: 0,
  kinds: [
    { pattern: '<\\|im_start\\|>user\\s*$', reply: 'question', lengths: { meanTokens: 9, ...SHORT } },
    { pattern: '', reply: 'solution', lengths: { meanTokens: 24, ...SHORT } },
  ],
};

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

/** A working folder with a pipeline whose servers a cluster starts. */
function project(name) {
  const path = join(folder, name);
  mkdirSync(join(path, 'servers'), { recursive: true });
  const command = JSON.stringify([process.execPath, SERVER, '{port}', JSON.stringify(ENDPOINT)]);
  const lines = [
    ...['name: set', 'seed: 3', 'limit: 400', 'models:', '  solver:', '    openai:'],
    '      model: simulated',
    '      replicasFrom: servers',
    `      serve: { on: cluster, command: ${command} }`,
    '    template: qwen2-math',
    'source: { windowRows: 64, batchRows: 8 }',
    'steps:',
    '  - generate: { generators: [{ model: solver }], tokensMax: 60 }',
    '  - respond: { model: solver, n: 2, tokensMax: 60 }',
    '  - unnest: { texts: { responses: response } }',
    'output: { shardRows: 40 }',
    '',
  ];
  writeFileSync(join(path, 'set.yaml'), lines.join('\n'));
  return path;
}

function scalequest(cwd, ...args) {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf8' });
}

/** Shards of a run folder: name → bytes. */
function shardsOf(path) {
  const shards = join(path, 'runs', 'set', 'shards');
  return new Map(
    readdirSync(shards)
      .sort()
      .map((name) => [name, readFileSync(join(shards, name))]),
  );
}

/** The set of a run that nothing happens to. */
async function unbroken() {
  const path = project('unbroken');
  const server = await startEndpoint(ENDPOINT);
  writeFileSync(join(path, 'servers', 'one.url'), `${server.url}/v1\n`);
  const { status, stderr } = scalequest(path, 'run', 'set.yaml', '--out', 'runs/set');
  await server.close();
  assert.equal(status, 0, stderr);
  return shardsOf(path);
}

function eventsOf(path) {
  const file = join(path, 'runs', 'set', 'log.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const committed = (path) => eventsOf(path).filter(({ event }) => event === 'committed').length;

/** Pids of processes whose command line has all of `words`. */
const pidsWith = (...words) =>
  pidsOf((line) => line.startsWith(process.execPath) && words.every((word) => line.includes(word)));

const pidsStarting = (start) => pidsOf((line) => line.startsWith(start));

function pidsOf(isIt) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return isIt(line);
      } catch {
        return false;
      }
    });
}

/** The keepers and guards of servers name them too, as arguments. */
const serverPids = () => pidsStarting(`${process.execPath} ${SERVER}`);

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
  const wanted = await unbroken();
  const path = project('killed');
  const job = submit(path);
  await until(() => committed(path) >= 1, 120_000).catch((error) => {
    throw new Error(`${error.message}\n${outputOf(path, job)}`);
  });
  const listed = readdirSync(join(path, 'servers')).filter((name) => name.endsWith('.url'));
  assert.ok(listed.length >= 1, `${listed}`);

  process.kill(serverPids()[0], 'SIGKILL');
  const [run] = pidsWith(MAIN, ' run ', path);
  const killedMs = Date.now();
  process.kill(run, 'SIGKILL');
  const isBack = () =>
    eventsOf(path).some(({ event, at }) => event === 'resumed' && Date.parse(at) > killedMs);
  await until(isBack, 60_000);
  const commits = committed(path);
  await until(() => committed(path) > commits, 60_000);
  console.log(
    `  the run was back ${((Date.now() - killedMs) / 1000).toFixed(1)} s after its kill at the latest, with a new commit`,
  );

  const end = await endOf(path, job);
  assert.deepEqual(end, { state: 'COMPLETED', exitCode: 0 }, outputOf(path, job));
  assert.deepEqual(shardsOf(path), wanted);
  assert.equal(readdirSync(join(path, 'servers')).filter((name) => name.endsWith('.url')).length <= 1, true);
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
  assert.deepEqual(
    readdirSync(join(path, 'servers')).filter((name) => name.endsWith('.url')),
    [],
  );
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
