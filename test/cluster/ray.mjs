// A Ray cluster on this machine: a head that is given no work, and nodes with addresses of their own on the loopback, each with two
// processors and one GPU that is only a number. The `ray` of the tests' Python is used.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { treeOf } from './project.mjs';
import { freePort, until } from './slurm.mjs';

export const PYTHON = process.env.SCALEQUEST_PYTHON;

/** `env`: more variables of all its processes. */
export async function startRay(folder, env = {}) {
  const [port, dashboardPort, clientPort, agentPort] = await Promise.all(Array.from({ length: 4 }, freePort));
  const address = `http://127.0.0.1:${dashboardPort}`;
  const nodes = new Map();

  function start(name, args, wrapper = []) {
    // Sockets lie in it, whose paths may be 107 bytes long.
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const log = openSync(join(folder, `${name}.log`), 'a');
    const words = [PYTHON, join(dirname(PYTHON), 'ray'), 'start', '--block', '--disable-usage-stats'];
    const small = ['--object-store-memory', String(80e6), '--temp-dir', own];
    const [command, ...rest] = [...wrapper, ...words, ...small, ...args];
    const child = spawn(command, rest, {
      env: {
        ...process.env,
        PATH: `${dirname(PYTHON)}:${process.env.PATH}`,
        ...env,
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    nodes.set(name, child);
    return child;
  }

  /** `wrapper`: words before the command. */
  function addNode(host, { gpus = 1, wrapper = [] } = {}) {
    const args = ['--address', `127.0.0.1:${port}`, '--node-ip-address', host];
    start(host, [...args, '--num-cpus', '2', '--num-gpus', String(gpus)], wrapper);
  }

  /** All that runs there dies at once, as when its machine loses power. */
  function killNode(host) {
    const child = nodes.get(host);
    nodes.delete(host);
    for (const pid of treeOf(child.pid)) killQuietly(pid);
  }

  /** The name of the node at which a process runs. */
  function nodeOf(pid) {
    return [...nodes].find(([, child]) => treeOf(child.pid).includes(pid))?.[0];
  }

  /** A dashboard that is starting may take a connection and never answer. */
  async function ask(path) {
    const { statusCode, body } = await request(`${address}${path}`, { signal: AbortSignal.timeout(5_000) });
    return { status: statusCode, text: await body.text() };
  }

  async function aliveNodes() {
    const { status, text } = await ask('/nodes?view=summary');
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text).data.summary.filter(({ raylet }) => raylet.state === 'ALIVE');
  }

  function stop() {
    for (const host of [...nodes.keys()]) killNode(host);
  }

  const head = ['--head', '--node-ip-address', '127.0.0.1', '--port', String(port)];
  const ports = ['--dashboard-port', String(dashboardPort), '--ray-client-server-port', String(clientPort)];
  const agent = ['--dashboard-agent-listen-port', String(agentPort)];
  start('head', [...head, ...ports, ...agent, '--num-cpus', '0', '--num-gpus', '0']);
  try {
    await until(async () => (await ask('/api/version')).status < 500, 120_000, 500);
  } catch (error) {
    stop();
    throw new Error(`${error.message}\n${readFileSync(join(folder, 'head.log'), 'utf8')}`, { cause: error });
  }
  return { address, addNode, killNode, nodeOf, aliveNodes, stop };
}

function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
