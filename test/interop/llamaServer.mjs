// llama.cpp's own server in a process group of its own, so that nothing of it is left.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = join(dirname(fileURLToPath(import.meta.url)), 'serve.py');

/** Serves `model`, a GGUF file, at `url` (without `/v1`) until `stop`. */
export async function startLlamaServer({ model, key, slots, contextTokens }) {
  const python = process.env.SCALEQUEST_PYTHON;
  assert.ok(python, 'run these tests by their npm script, which brings Python');
  const child = spawn(python, [script, model, key, String(slots), String(contextTokens)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-4000)));
  const stop = async () => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {
      // It has ended already.
    }
    await exited;
  };
  const url = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => line),
    exited.then(([code]) => assert.fail(`the server ended with ${code}:\n${said}`)),
  ]);
  return { url, stop };
}
