import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { createFeed } from '../../src/view/feed.js';
import { followFolder } from '../../src/view/followFolder.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

test('the log of a run is fed whole, then line by line as it is written, whoever writes', async (t) => {
  const { run } = await finishedRun(6, ['target: 2']);
  const feed = createFeed();
  const ending = new AbortController();
  t.after(() => ending.abort());
  let wake = (): void => {};
  const clock = { nowMs: () => 0, sleep: () => new Promise<void>((resolve) => (wake = resolve)) };
  await followFolder(run, feed, { files: nodeFiles, clock, signal: ending.signal });
  const before = feed.now();
  assert.equal(before.state.committed!.kept, 2);
  assert.deepEqual(
    before.state.steps.map(({ step }) => step),
    ['deduplicate'],
  );
  assert.ok(before.log.some(({ event }) => event['event'] === 'finished'));
  const log = join(run, 'log.jsonl');
  const half = `{"at":"2026-01-01T00:00:00.000Z","event":"failed","code":"ERR_CANCELLED","message":"a"`;
  const look = async (): Promise<void> => {
    wake();
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  appendFileSync(log, half);
  await look();
  assert.equal(feed.now().state.failure, null, 'half a line is waited for');
  appendFileSync(log, ',"check":"x"}\n');
  await look();
  assert.equal(feed.now().state.failure?.code, 'ERR_CANCELLED');
  const started = readFileSync(log, 'utf8')
    .split('\n')
    .find((line) => line.includes('"started"'))!;
  appendFileSync(log, `${started}\nno JSON\n`);
  await look();
  assert.deepEqual([feed.now().state.phase, feed.now().state.failure], ['flowing', null]);
});
