import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.js';
import { startLocalWorkers } from '../../src/workers/localWorkers.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** Each life of a program leaves a file with its process id, and does what `then` says. */
function program(then: string): { command: string[]; lives: () => string[]; pids: () => number[] } {
  const folder = temporaryFolder();
  const path = join(folder, 'program.mjs');
  const seen = join(folder, 'seen');
  mkdirSync(seen);
  writeFileSync(
    path,
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(seen)} + '/' + process.pid, process.env.GIVEN ?? '');
     ${then}`,
  );
  const lives = (): string[] => readdirSync(seen);
  return {
    command: [process.execPath, path],
    lives: () => lives().map((name) => readFileSync(join(seen, name), 'utf8')),
    pids: () => lives().map(Number),
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !isTrue(); turn++) await delay(25);
  assert.ok(isTrue());
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('so many live, with their environment; one that is killed is started again; all end with close', async () => {
  const { command, lives, pids } = program('setInterval(() => {}, 1000);');
  const ended: string[] = [];
  const workers = startLocalWorkers({
    ...{ count: 2, command, env: { ...process.env, GIVEN: 'token' }, clock: systemClock },
    onEnded: (line) => ended.push(line),
  });
  await until(() => pids().length === 2);
  process.kill(pids()[0]!, 'SIGKILL');
  await until(() => pids().length === 3);
  await workers.close();
  assert.deepEqual(lives(), ['token', 'token', 'token']);
  assert.deepEqual(ended, ['']);
  await until(() => !pids().some(isThere));
});

test('one that ends well is not started again; one that fails is, later each time, and its last words are told', async () => {
  const done = program('');
  const finished = startLocalWorkers({
    count: 1,
    command: done.command,
    env: process.env,
    clock: systemClock,
  });
  await until(() => done.pids().length === 1);
  const failing = program('process.stderr.write("first\\nwrong token\\n"); process.exit(1);');
  const waited: number[] = [];
  const told: string[] = [];
  const workers = startLocalWorkers({
    ...{ count: 1, command: failing.command, env: process.env },
    clock: {
      nowMs: systemClock.nowMs,
      sleep(ms, signal) {
        waited.push(ms);
        return systemClock.sleep(waited.length < 3 ? 0 : 60_000, signal);
      },
    },
    onEnded: (line) => told.push(line),
  });
  await until(() => waited.length === 3);
  await workers.close();
  assert.deepEqual(waited, [1000, 2000, 4000]);
  assert.deepEqual(told, ['wrong token', 'wrong token', 'wrong token']);
  await finished.close();
  assert.equal(done.pids().length, 1);
});
