import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
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
  let asleep = (): void => {};
  const sleep = (): Promise<void> => {
    asleep();
    return new Promise<void>((resolve) => (wake = resolve));
  };
  const clock = { nowMs: () => 0, sleep };
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
  const look = (): Promise<void> =>
    new Promise((resolve) => {
      asleep = resolve;
      wake();
    });
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

test('the rates of a finished run are those that it had, also where the beginning of its log is not read', async (t) => {
  const { run } = await finishedRun(6);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const counts = (kept: number) => ({ deduplicate: { rowsIn: kept, kept, dropped: 0, rejected: 0 } });
  const line = (event: object): string =>
    JSON.stringify({ at: '2026-01-01T00:00:00.000Z', ...event, check: '' });
  const started = { event: 'started', file: 'a.yaml', name: 'a', identity: '', seed: 7 };
  const measured = Array.from({ length: 10 }, (_, second) => {
    const kept = 100 + second * 5;
    const position = { issued: kept, watermark: kept, inFlight: 0, kept, steps: counts(second * 5) };
    const before = { starts: 1, wallS: 9, models: {} };
    return { event: 'measured', elapsedS: second, ...position, models: {}, before };
  });
  const resumed = { event: 'resumed', from: 100, kept: 100, removed: [], tornBytes: 0 };
  const long = { event: 'noted', model: 'm', note: 'x'.repeat(2 << 20), count: 1 };
  const sleep = () => new Promise<void>(() => {});
  for (const head of [
    [started, resumed],
    [started, resumed, long],
  ]) {
    writeFileSync(join(run, 'log.jsonl'), [...head, ...measured].map((each) => `${line(each)}\n`).join(''));
    const feed = createFeed();
    await followFolder(run, feed, {
      files: nodeFiles,
      clock: { nowMs: () => 0, sleep },
      signal: ending.signal,
    });
    const { state, points } = feed.now();
    assert.deepEqual([state.keptBefore, state.finished, points.at(-1)!.rowsPerS], [100, 145, 5]);
  }
});
