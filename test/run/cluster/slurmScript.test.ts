import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { ClusterServers } from '../../../src/run/cluster/clusterServers.js';
import { shellWord, slurmScript } from '../../../src/run/cluster/slurmScript.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const OPTIONS = { nodes: 2, gpusPerNode: 4, cpusEach: 3, time: '1:00:00', sbatch: ['--partition=gpu'] };

function serversIn(folder: string, changes: Partial<ClusterServers> = {}): ClusterServers {
  return {
    ...{ models: ['solver'], folder: join(folder, 'servers'), replicas: undefined, gpusEach: 2 },
    ...{ command: ['vllm', 'serve', "it's", '{port}'], apiKeyEnv: 'KEY', startTimeoutMs: 5000 },
    ...changes,
  };
}

const runIn = (folder: string, scalequest = ['npx', 'scalequest']) => ({
  ...{ name: 'my set', file: join(folder, 'set.yaml'), args: ['--set', 'limit=3'], folder, scalequest },
});

test('as many servers as fit, with the options of the pipeline file', () => {
  const text = slurmScript(runIn('/work'), [serversIn('/work')], OPTIONS);
  assert.match(text, /^#!\/bin\/bash\n/);
  for (const line of [
    ...['--job-name=my_set', '--nodes=2', '--gpus-per-node=4', '--time=1:00:00', '--partition=gpu'].map(
      (directive) => `#SBATCH ${directive}`,
    ),
    'srun --ntasks=4 --cpus-per-task=3 --gpus-per-task=2 --exact --mem=0 --kill-on-bad-exit=0 --label \\',
    String.raw`  npx scalequest serve /work/servers --start-timeout-ms 5000 --api-key-env KEY -- vllm serve 'it'\''s' '{port}' &`,
    '  npx scalequest run /work/set.yaml --take-over --set limit=3 &',
  ])
    assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`);
  const spaced = slurmScript(runIn('/my work'), [serversIn('/my work')], OPTIONS);
  assert.match(spaced, /^#SBATCH --chdir="\/my work"$/m);
});

test('servers that do not fit are refused, each with what to do', () => {
  const script =
    (servers: ClusterServers[], options = OPTIONS) =>
    () =>
      slurmScript(runIn('/work'), servers, options);
  const own = serversIn('/work');
  const other = serversIn('/work', { models: ['scorer'], folder: '/work/others' });
  for (const [servers, options, fault] of [
    [
      [own],
      { ...OPTIONS, gpusPerNode: 0 },
      /each server of solver needs 2 GPUs, but a node has 0.*--gpus-per-node/,
    ],
    [[own, other], OPTIONS, /solver does not say how many servers it has.*serve\.replicas/],
    [[serversIn('/work', { replicas: 5 })], OPTIONS, /need 10 GPUs, but 2 nodes of 4 have 8.*--nodes/],
  ] as const)
    assert.throws(script([...servers], options), { code: 'ERR_USAGE', message: fault });
  const few = [serversIn('/work', { replicas: 1 }), { ...other, replicas: 1, gpusEach: 0 }];
  assert.match(
    slurmScript(runIn('/work'), few, OPTIONS),
    /# 1 server of scorer\nsrun --ntasks=1 --cpus-per-task=3 --exact/,
  );
});

test('words come back from bash as they were; what the environment filled in stays a variable', () => {
  const words = ['plain-1.5/x', "it's", 'a b', '$HOME', '{port}', '', '`id`', 'new\nline', '"', '\\'];
  const { stdout } = spawnSync('bash', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  });
  assert.deepEqual(stdout.split('\0').slice(0, -1), words);
  const env = { ...process.env, TOKEN: 'a b$c' };
  const word = shellWord('--key=${TOKEN}!');
  assert.equal(
    spawnSync('bash', ['-c', `printf %s ${word}`], { env, encoding: 'utf8' }).stdout,
    '--key=a b$c!',
  );
});

/** The script with an srun that does what it is told here, and a scalequest that writes down what it is asked. */
function startScript({ sees = true, endsWith }: { sees?: boolean; endsWith: string }) {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, lines: string[]): string => {
    writeFileSync(join(bin, name), ['#!/bin/bash', ...lines, ''].join('\n'));
    chmodSync(join(bin, name), 0o755);
    return join(bin, name);
  };
  program('srun', [
    'while [[ "$1" == -* ]]; do shift; done',
    sees ? 'exec "$@"' : '[ "$1" = test ] && exit 1',
  ]);
  program('scancel', [
    '[ "$*" = "--quiet --signal=TERM 7" ] || exit 1',
    `for file in ${folder}/*.pid; do [ -e "$file" ] && kill -TERM "$(cat "$file")"; done`,
  ]);
  const scalequest = program('scalequest', [
    `[ "$1" = serve ] && echo "$$" > ${folder}/serve.pid`,
    `echo "$1" >> ${folder}/calls`,
    `[ "$1" = run ] && { ${endsWith}; }`,
    `trap 'echo "$1 ended" >> ${folder}/calls; exit 130' TERM`,
    'while :; do sleep 0.05; done',
  ]);
  const script = join(folder, 'job.sh');
  writeFileSync(script, slurmScript(runIn(folder, [scalequest]), [serversIn(folder)], OPTIONS));
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, SLURM_JOB_ID: '7', SLURM_NNODES: '2' };
  const child = spawn('bash', [script], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stderr, calls: calls() }));
  const calls = (): string[] =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];
  return { child, ended, calls };
}

test('the run ends the job with its exit code, and the servers end; one that is killed is started again', async () => {
  for (const code of [0, 6, 8]) {
    const found = await startScript({ endsWith: `exit ${code}` }).ended;
    assert.equal(found.code, code, found.stderr);
    assert.equal(found.calls.filter((call) => call === 'run').length, 1);
  }
  const killed = await startScript({ endsWith: 'kill -9 $$' }).ended;
  assert.equal(killed.code, 137);
  assert.equal(killed.calls.filter((call) => call === 'run').length, 5);
});

test('a signal before the time limit reaches the run, and then the servers', async (t) => {
  const { child, ended, calls } = startScript({ endsWith: ':' });
  t.after(() => child.kill('SIGKILL'));
  while (!(calls().includes('run') && calls().includes('serve'))) await sleep(20);
  await sleep(200);
  child.kill('SIGTERM');
  const found = await ended;
  assert.equal(found.code, 130, found.stderr);
  assert.deepEqual(found.calls.filter((call) => call.endsWith(' ended')).sort(), [
    'run ended',
    'serve ended',
  ]);
});

test('a folder that a node does not see ends the job before anything is started', async () => {
  const { code, stderr, calls } = await startScript({ sees: false, endsWith: 'exit 0' }).ended;
  assert.equal(code, 5);
  assert.match(stderr, /not every node sees .*, expected a folder that all nodes share/);
  assert.deepEqual(calls, []);
});
