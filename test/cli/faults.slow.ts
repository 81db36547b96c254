import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { type RunningCommand, startCommand, temporaryFolder } from '../helpers/commandLine.js';

/** Faults that take their time: `npm run test:slow`. */

const GRACE_MS = 10_000;

/** A run whose model server never becomes ready, and does not listen to SIGTERM. */
async function startHanging(tag: string): Promise<RunningCommand> {
  const folder = temporaryFolder();
  const file = join(folder, 'pipeline.yaml');
  const ready = join(folder, 'ready');
  const deaf = `process.on('SIGTERM', () => {}); require('node:fs').writeFileSync(${JSON.stringify(ready)}, '')`;
  const script = `${deaf}; setInterval(() => {}, 1000); '${tag}'`;
  const serve = `serve: { command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(script)}] }`;
  const models = `models: { stuck: { openai: { model: x, replicas: ['http://127.0.0.1:9/v1'], ${serve} } } }`;
  const steps = 'steps: [{ generate: { generators: [{ model: stuck }] } }]';
  writeFileSync(file, ['name: stuck', 'store: none', 'limit: 3', models, steps].join('\n'));
  const running = startCommand(['run', file, '--out', join(folder, 'out')]);
  await until(() => existsSync(ready));
  return running;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(50);
}

/** Processes whose command line holds the tag: the server, and the guard that was told to start it. */
function serversOf(tag: string): number {
  const lines = readdirSync('/proc').map((pid) => {
    try {
      return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
    } catch {
      return '';
    }
  });
  return lines.filter((line) => line.includes(tag)).length;
}

const skip = process.platform === 'linux' ? false : 'reads /proc, which only Linux has';

test('faults: SIGTERM while a model server hangs at its start ends within the grace', { skip }, async () => {
  const tag = `hangs-${process.pid}-a`;
  const running = await startHanging(tag);
  const startedMs = performance.now();
  process.kill(running.child.pid!, 'SIGTERM');
  const { code, stderr } = await running.result;
  assert.equal(code, EXIT_CODES.cancelled, stderr);
  assert.ok(performance.now() - startedMs < GRACE_MS);
  assert.match(stderr, /could not be closed within 8 s and is left behind; what was committed is intact/);
  // Whoever was left behind is ended by its guard.
  await until(() => serversOf(tag) === 0);
});

test('faults: a second Ctrl-C ends at once what the first one waits for', { skip }, async () => {
  const tag = `hangs-${process.pid}-b`;
  const running = await startHanging(tag);
  process.kill(running.child.pid!, 'SIGINT');
  await running.stderrHas('Press Ctrl-C again to stop at once');
  const startedMs = performance.now();
  process.kill(running.child.pid!, 'SIGINT');
  const { code, stderr } = await running.result;
  assert.equal(code, EXIT_CODES.cancelled, stderr);
  assert.ok(performance.now() - startedMs < 2_000, 'expected it to end at once');
  await until(() => serversOf(tag) === 0);
});
