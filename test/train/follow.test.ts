import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { type Files, nodeFiles } from '../../src/io/files/files.js';
import { type FollowOptions, type Followed, followTrainer } from '../../src/train/follow.js';
import { leftOf, pidsOf, writeTrainer } from '../helpers/runs/trainers.js';

const trainer = writeTrainer(mkdtempSync(join(tmpdir(), 'follow-')));

interface World extends Followed {
  lines: string[];
  log: string;
  left: number[];
}

async function follow(way: string, more: Partial<FollowOptions> = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'follow-'));
  const logPath = join(folder, 'log.txt');
  const lines: string[] = [];
  const followed = await followTrainer({
    command: [process.execPath, trainer, way, folder, join(folder, 'output')],
    ...{ cwd: folder, env: process.env, logPath, files: nodeFiles, clock: systemClock },
    ...{ signal: new AbortController().signal, silentMs: 20_000, stopGraceMs: 300 },
    clean: (line) => line,
    onStart: async () => {},
    onLine: (line) => lines.push(line),
    ...more,
  });
  return { ...followed, lines, log: readFileSync(logPath, 'utf8'), left: await leftOf(await pidsOf(folder)) };
}

test('a trainer that ends well: its lines, its code, and no process left of its group', async () => {
  const { why, code, lines, log, left } = await follow('good');
  assert.deepEqual([why, code, left], ['exit', 0, []]);
  const losses = ["{'loss': '2', 'epoch': '0.5'}", "{'loss': '0.5', 'epoch': '0.5'}"];
  assert.deepEqual(
    lines.filter((line) => line.startsWith('{')),
    losses,
  );
  assert.deepEqual(log.trim().split('\n').sort(), [...losses, 'warning: slow'].sort());
});

const ENDS: [way: string, why: string, code: number, said: RegExp, more?: Partial<FollowOptions>][] = [
  ['dies', 'exit', 3, /out of memory/],
  ['killed', 'exit', 137, /loss/],
  ['hangs', 'silent', 0, /loss/, { silentMs: 4000 }],
  ['stubborn', 'silent', 0, /not yet/, { silentMs: 4000 }],
  ['talks', 'timeout', 0, /loss/, { silentMs: 4000, timeoutMs: 6000 }],
];

for (const [way, why, code, said, more] of ENDS) {
  test(`a trainer that ${way}: ${why}, ${code}, nothing left`, async () => {
    const followed = await follow(way, more);
    assert.deepEqual([followed.why, followed.code, followed.left], [why, code, []]);
    assert.match(followed.tail, said);
  });
}

test('cancelling ends the group, one that ignores SIGTERM too', async () => {
  const abort = new AbortController();
  const startedMs = performance.now();
  const { why, left } = await follow('stubborn', { signal: abort.signal, onLine: () => abort.abort() });
  assert.deepEqual([why, left], ['cancelled', []]);
  assert.ok(performance.now() - startedMs >= 300, 'it was given its grace');
});

test('a program that is not there is exit code 127', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'follow-'));
  const options = { command: ['no-such-trainer'], cwd: folder, logPath: join(folder, 'log'), clean: String };
  const followed = await followTrainer({
    ...options,
    ...{ env: process.env, files: nodeFiles, clock: systemClock, signal: new AbortController().signal },
    ...{ silentMs: 20_000, stopGraceMs: 100, onStart: async () => {}, onLine: () => {} },
  });
  assert.deepEqual([followed.why, followed.code], ['exit', 127]);
  assert.match(followed.tail, /no-such-trainer cannot be started: .*ENOENT/);
});

test('a full disk under the log stops the trainer and is said', async () => {
  const full: Files = {
    ...nodeFiles,
    async open(path, mode) {
      const file = await nodeFiles.open(path, mode);
      return { ...file, write: () => Promise.reject(new Error('ENOSPC')) };
    },
  };
  const folder = mkdtempSync(join(tmpdir(), 'follow-'));
  await assert.rejects(
    followTrainer({
      command: [process.execPath, trainer, 'hangs', folder, join(folder, 'output')],
      ...{ cwd: folder, env: process.env, logPath: join(folder, 'log'), files: full, clock: systemClock },
      ...{ signal: new AbortController().signal, silentMs: 20_000, stopGraceMs: 100 },
      ...{ clean: String, onStart: async () => {}, onLine: () => {} },
    }),
    /ENOSPC/,
  );
  assert.deepEqual(await leftOf(await pidsOf(folder)), []);
});

test('onStart that fails stops the trainer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'follow-'));
  await assert.rejects(
    follow('hangs', {
      command: [process.execPath, trainer, 'hangs', folder, join(folder, 'output')],
      async onStart() {
        await pidsOf(folder);
        throw new Error('no record');
      },
    }),
    /no record/,
  );
  assert.deepEqual(await leftOf(await pidsOf(folder)), []);
});
