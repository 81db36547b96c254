import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { runPipeline } from '../../../src/run/runPipeline.js';
import { openWorker } from '../../../src/run/workers/openWorker.js';
import { type WorkerRun, createWorkerRun, freePort } from '../../helpers/runs/workerRun.js';

const TOKEN = 'a-token-of-this-test';
let run: WorkerRun;
before(async () => {
  run = await createWorkerRun({ rows: 64 });
});
after(() => run.endpoint.close());

function options(name: string, more: object = {}) {
  return { out: join(run.folder, name, 'run'), set: { store: join(run.folder, name, 'store') }, ...more };
}

test('a worker that comes before the run waits for it, and ends well with it', async () => {
  await (
    await runPipeline(run.file, options('alone'))
  ).result;
  const port = await freePort();
  const states: string[] = [];
  const working = openWorker(
    {
      ...{ url: `http://127.0.0.1:${port}`, signal: new AbortController().signal },
      onState: (state) => states.push(state),
    },
    { env: { SCALEQUEST_WORKER_TOKEN: TOKEN }, clock: systemClock },
  );
  const listen = { host: '127.0.0.1', port };
  await (
    await runPipeline(run.file, options('shared', { workers: { listen, token: TOKEN } }))
  ).result;
  await working;
  assert.deepEqual(states, ['waiting', 'preparing', 'working', 'done']);
  assert.equal(run.manifest('shared'), run.manifest('alone'));
});

test('a worker that is stopped says so, also while it waits', async () => {
  const stop = new AbortController();
  const working = openWorker({
    url: `http://127.0.0.1:${await freePort()}`,
    token: TOKEN,
    signal: stop.signal,
  });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(working, { code: 'ERR_CANCELLED' });
});
