import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../../src/errors.js';
import type { RayJob } from '../../../src/ray/jobsApi.js';
import { type FollowEvent, followJob } from '../../../src/run/cluster/followJob.js';

const JOB: RayJob = { id: 'j', status: 'RUNNING', message: '', metadata: {}, exitCode: null };
const DONE: RayJob = { ...JOB, status: 'SUCCEEDED', exitCode: 0 };
const GONE = new ScaleQuestError('ERR_CLUSTER_UNREACHABLE', 'no answer');
const SICK = new ScaleQuestError('ERR_CLUSTER_REFUSED', 'answered 500', { data: { status: 500 } });

type Look = { job: RayJob | Error | null; log?: string | Error };

/** Follows a job that looks so, second by second; the last look stays. */
async function follow(looks: readonly Look[], signal = new AbortController().signal) {
  const events: FollowEvent[] = [];
  let nowMs = 0;
  let at = -1;
  const look = (): Look => looks[Math.min(at, looks.length - 1)]!;
  const asked = { logs: 0 };
  const result = followJob('j', {
    jobs: {
      job: async () => {
        at += 1;
        const { job } = look();
        if (job instanceof Error) throw job;
        return job;
      },
      log: async () => {
        asked.logs += 1;
        const { log = '' } = look();
        if (log instanceof Error) throw log;
        return log;
      },
    },
    clock: {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
      },
    },
    signal,
    onEvent: (event) => events.push(event),
  });
  return { result, events, asked, at: () => at };
}

const logOf = (events: readonly FollowEvent[]): string =>
  events.map((event) => (event.event === 'log' ? event.text : '')).join('');

test('each line of the log comes once and whole, the last one too', async () => {
  const { result, events } = await follow([
    { job: JOB, log: 'one\ntw' },
    { job: JOB, log: 'one\ntwo\n' },
    { job: JOB, log: 'one\ntwo\n' },
    { job: DONE, log: 'one\ntwo\nthree' },
  ]);
  assert.deepEqual(await result, DONE);
  assert.deepEqual(
    events.map((event) => event.event === 'log' && event.text),
    ['one\n', 'two\n', 'three\n'],
  );
});

test('a long log is read less often', async () => {
  const log = `${'x'.repeat(5 * 256 * 1024)}\n`;
  const looks = Array.from({ length: 11 }, () => ({ job: JOB, log }));
  const { result, asked } = await follow([...looks, { job: DONE, log }]);
  await result;
  assert.equal(asked.logs, 3);
});

test('a cluster that cannot be asked for a while ends nothing, and is said once', async () => {
  const { result, events } = await follow([
    { job: JOB, log: 'a\n' },
    ...[{ job: GONE }, { job: SICK }, { job: JOB, log: GONE }],
    { job: JOB, log: 'a\nb\n' },
    { job: DONE, log: 'a\nb\n' },
  ]);
  assert.deepEqual(await result, DONE);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['log', 'lost', 'found', 'log'],
  );
  assert.equal(logOf(events), 'a\nb\n');
});

test('after ten minutes it does', async () => {
  const { result, at } = await follow([{ job: JOB }, { job: GONE }]);
  await assert.rejects(result, GONE);
  assert.ok(at() > 595 && at() < 605, `${at()}`);
});

test('how a job ended is known, though its log cannot be read', async () => {
  const { result } = await follow([{ job: DONE, log: SICK }]);
  assert.deepEqual(await result, DONE);
});

test('a token that is refused, and a job that is gone, end it at once', async () => {
  const refused = new ScaleQuestError('ERR_CLUSTER_REFUSED', 'no', { data: { status: 401 } });
  await assert.rejects((await follow([{ job: JOB }, { job: refused }])).result, refused);
  await assert.rejects((await follow([{ job: JOB }, { job: null }])).result, {
    code: 'ERR_CLUSTER_JOB',
    message: /found no job j any more/,
  });
});

test('a job without an exit code: what Ray says of it', async () => {
  const failed: RayJob = { ...JOB, status: 'FAILED', message: 'The head was out of memory.\n' };
  await assert.rejects((await follow([{ job: failed }])).result, {
    code: 'ERR_CLUSTER_JOB',
    message: /job j failed \(The head was out of memory\.\)/,
  });
  await assert.rejects((await follow([{ job: { ...failed, exitCode: -9 } }])).result, {
    code: 'ERR_CLUSTER_JOB',
  });
  const ended: RayJob = { ...failed, exitCode: 4 };
  assert.deepEqual(await (await follow([{ job: ended }])).result, ended);
});

test('a job that waits says so once a minute; the signal leaves it', async () => {
  const abort = new AbortController();
  const waits: RayJob = { ...JOB, status: 'PENDING', message: 'waiting for resources' };
  const looks = Array.from({ length: 130 }, () => ({ job: waits }));
  const { result, events } = await follow([...looks, { job: DONE }], abort.signal);
  assert.deepEqual(await result, DONE);
  assert.deepEqual(
    events,
    Array.from({ length: 2 }, () => ({ event: 'pending', message: 'waiting for resources' })),
  );
  abort.abort();
  assert.equal(await (await follow([{ job: JOB }], abort.signal)).result, null);
});
