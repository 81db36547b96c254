// A Slurm of two nodes on this machine, each with two GPUs that are files in the place of devices: slurmctld, two slurmd and munged, with
// their own configuration, key and ports.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const NODES = ['n1', 'n2'];
const GPUS = 2;

export async function startSlurm(folder) {
  const [controlPort, ...nodePorts] = await Promise.all([freePort(), freePort(), freePort()]);
  for (const name of ['state', 'spool-n1', 'spool-n2', 'munge'])
    mkdirSync(join(folder, name), { mode: 0o700 });
  const key = join(folder, 'munge', 'key');
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const socket = join(folder, 'munge', 'socket');
  const conf = join(folder, 'slurm.conf');
  writeFileSync(conf, confText(folder, socket, controlPort, nodePorts));
  const gpus = Array.from({ length: GPUS }, (_, at) => join(folder, `gpu${at}`));
  for (const gpu of gpus) writeFileSync(gpu, '');
  writeFileSync(join(folder, 'gres.conf'), `NodeName=${NODES} Name=gpu File=${gpus}\n`);
  const env = { ...process.env, SLURM_CONF: conf };
  const children = [];
  const start = (command, args) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.said = '';
    child.stderr.on('data', (bytes) => (child.said = (child.said + bytes).slice(-4000)));
    children.push(child);
    return child;
  };

  function run(command, args = [], options = {}) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8', ...options });
    if (status === 0) return stdout.trim();
    throw new Error(
      `${command} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}\n${stdout}${stderr}`,
    );
  }

  async function stop() {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    }
  }

  const files = ['seed', 'pid', 'log'].map((name) => `--${name}-file=${join(folder, 'munge', name)}`);
  start('munged', ['--foreground', '--force', `--key-file=${key}`, `--socket=${socket}`, ...files]);
  await sleep(500);
  start('slurmctld', ['-D', '-f', conf]);
  for (const node of NODES) start('slurmd', ['-D', '-N', node, '-f', conf]);
  try {
    await until(() => {
      const states = run('sinfo', ['-h', '-N', '-o', '%N %T']).split('\n');
      return NODES.every((node) => states.includes(`${node} idle`));
    }, 60_000);
  } catch (error) {
    const said = children.map((child) => `${child.spawnfile}: ${child.said}`).join('\n');
    await stop();
    throw new Error(`${error.message}\n${said}`, { cause: error });
  }
  return { run, stop, env };
}

function confText(folder, socket, controlPort, nodePorts) {
  const nodes = NODES.map(
    (node, at) =>
      `NodeName=${node} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${nodePorts[at]} CPUs=8 RealMemory=1000 Gres=gpu:${GPUS}`,
  );
  return [
    'ClusterName=test',
    `SlurmctldHost=${hostname()}(127.0.0.1)`,
    `SlurmctldPort=${controlPort}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${socket}`,
    'SlurmUser=root',
    `StateSaveLocation=${join(folder, 'state')}`,
    `SlurmdSpoolDir=${join(folder, 'spool-%n')}`,
    `SlurmctldPidFile=${join(folder, 'slurmctld.pid')}`,
    `SlurmdPidFile=${join(folder, 'slurmd-%n.pid')}`,
    'MpiDefault=none',
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SwitchType=switch/none',
    'ReturnToService=2',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'SlurmdParameters=config_overrides',
    'JobAcctGatherType=jobacct_gather/none',
    'GresTypes=gpu',
    ...nodes,
    `PartitionName=main Nodes=${NODES} Default=YES MaxTime=INFINITE State=UP`,
    '',
  ].join('\n');
}

/** Waits until `isSo` gives something true, and returns it; the last error if it never does. */
export async function until(isSo, timeoutMs, periodMs = 100) {
  const endMs = performance.now() + timeoutMs;
  let problem = new Error(`it was not so within ${timeoutMs / 1000} s: ${isSo}`);
  while (performance.now() < endMs) {
    try {
      const value = await isSo();
      if (value) return value;
    } catch (error) {
      problem = error;
    }
    await sleep(periodMs);
  }
  throw problem;
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
