// How the tests start vLLM, and the models that it serves.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
assert.ok(python, 'run these tests by `npm run test:vllm`, which brings Python');

/** Sequences that a server runs at once. */
export const SLOTS = 16;
/** A start takes half a minute on an idle machine, and minutes on a busy one. */
const START_MS_MAX = 420_000;

/** What vLLM needs to run on a CPU, and to keep to itself. */
export const ENV = {
  ...process.env,
  VLLM_CPU_KVCACHE_SPACE: '1',
  VLLM_CPU_OMP_THREADS_BIND: 'nobind',
  VLLM_NO_USAGE_STATS: '1',
  // Threads of a model this small only wait for one another.
  OMP_NUM_THREADS: '1',
  HF_HUB_OFFLINE: '1',
};

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-vllm-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes `writer` and `scorer` in a folder; gives the folder. */
export function makeModels() {
  const folder = temporaryFolder();
  const script = join(here, 'makeModels.py');
  const made = spawnSync(python, [script, join(root, 'models', 'tiny.gguf'), folder], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  return folder;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The command that serves a model's folder as `served`. */
export function serveCommand(folder, port, ...more) {
  const sizes = ['--max-num-seqs', `${SLOTS}`, '--max-model-len', '512', '--max-num-batched-tokens', '65536'];
  const where = ['--host', '127.0.0.1', '--port', `${port}`];
  const entry = ['-m', 'vllm.entrypoints.openai.api_server'];
  const model = ['--model', folder, '--served-model-name', 'served', '--dtype', 'float32', '--enforce-eager'];
  return [python, ...entry, ...model, ...sizes, ...where, ...more];
}

/** Starts a server in a process group of its own, and waits until it answers. `kill` ends all of it at once. */
export async function startVllm(folder, port, ...more) {
  const [program, ...args] = serveCommand(folder, port, ...more);
  const child = spawn(program, args, { env: ENV, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = (said + chunk).slice(-6000)));
  const kill = async () => {
    killGroup(child.pid);
    await exited;
  };
  const killAtExit = () => killGroup(child.pid);
  process.once('exit', killAtExit);
  const begun = performance.now();
  while (!(await answers(port))) {
    assert.equal(child.exitCode, null, `vLLM ended:\n${said}`);
    assert.ok(performance.now() - begun < START_MS_MAX, `vLLM has not started in time:\n${said}`);
    await delay(250);
  }
  return { url: `http://127.0.0.1:${port}`, kill, startedMs: performance.now() - begun };
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

export async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

export async function versionOf(url) {
  return (await (await fetch(`${url}/version`)).json()).version;
}

/** Sequences that run and that wait, as the server's own metrics page says. */
export async function loadOf(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^vllm:num_requests_${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  return { running: of('running'), waiting: of('waiting') };
}
