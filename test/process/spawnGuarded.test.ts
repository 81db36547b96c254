import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedGroup, spawnGuarded } from '../../src/process/spawnGuarded.js';

const NODE = process.execPath;

function start(
  code: string,
  options: { graceMs?: number; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): GuardedGroup {
  const { graceMs = 200, cwd, env = process.env } = options;
  return spawnGuarded([NODE, '-e', code], { env, graceMs, cwd });
}

async function outputOf(group: GuardedGroup): Promise<string> {
  let text = '';
  group.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  group.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(group, 'close');
  return text;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  for (let tries = 0; tries < 200 && isAlive(pid); tries++) await delay(25);
  assert.ok(!isAlive(pid), `${pid} still runs`);
}

describe('spawnGuarded', () => {
  it('gives the program its folder and environment, and passes on its output and its code', async () => {
    const group = start('console.log(process.cwd(), process.env.WORD); process.exit(7)', {
      ...{ cwd: '/', env: { ...process.env, WORD: 'yes' } },
    });
    assert.equal(await outputOf(group), '/ yes\n');
    assert.equal(group.exitCode, 7);
  });

  it('exits with 128 and the signal that ended the program', async () => {
    const group = start('process.kill(process.pid, "SIGKILL")');
    await once(group, 'close');
    assert.equal(group.exitCode, 128 + 9);
  });

  it('exits with 127 and says so where the program cannot be started', async () => {
    const group = spawnGuarded(['/no/such/program'], { env: process.env, graceMs: 100 });
    assert.match(await outputOf(group), /\/no\/such\/program cannot be started/);
    assert.equal(group.exitCode, 127);
  });

  it('ends the whole group, a worker included, when its standard input ends', async () => {
    const group = start(`
      const { spawn } = require('node:child_process');
      const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log(worker.pid);
      setInterval(() => {}, 1000);`);
    const [line] = (await once(group.stdout, 'data')) as [Buffer];
    const worker = Number(line.toString());
    assert.ok(isAlive(worker));
    group.stdin.end();
    await once(group, 'exit');
    await untilDead(worker);
  });

  it('kills a program that does not end at SIGTERM, after the time it is given', async () => {
    const group = start(
      `process.on('SIGTERM', () => console.log('no')); console.log(process.pid); setInterval(() => {}, 1000);`,
    );
    const [line] = (await once(group.stdout, 'data')) as [Buffer];
    group.stdin.end();
    const startedMs = performance.now();
    await once(group, 'exit');
    assert.ok(performance.now() - startedMs >= 190, 'it was given its time');
    await untilDead(Number(line.toString()));
  });
});
