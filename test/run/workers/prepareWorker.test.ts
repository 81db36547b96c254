import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { planPipeline } from '../../../src/run/plan/planPipeline.js';
import { prepareWorker } from '../../../src/run/workers/prepareWorker.js';
import type { PlanMessage } from '../../../src/workers/messages.js';
import { type WorkerRun, createWorkerRun } from '../../helpers/runs/workerRun.js';

let run: WorkerRun;
before(async () => {
  run = await createWorkerRun({ rows: 8 });
});
after(() => run.endpoint.close());

async function told(env: Record<string, string>): Promise<PlanMessage> {
  const { file, text, identity, parts } = await planPipeline(run.file, {}, { env });
  return { kind: 'plan', session: 's', file, text, identity, parts, hasStore: false };
}

const signal = new AbortController().signal;

test('the same file comes to the same identity, with models that are open', async () => {
  const worker = await prepareWorker(await told({}), null, { env: {}, signal });
  assert.equal(worker.identity, (await told({})).identity);
  assert.deepEqual(Object.keys(worker.counts()), ['solver', 'reward']);
  await worker.close();
});

test('a file that this environment fills otherwise is refused, with what differs; values of variables are not shown', async () => {
  const file = join(run.folder, 'pipeline.yaml');
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, before.replace('name: million', 'name: ${SET_NAME}'));
  const message = await told({ SET_NAME: 'one-of-ours' });
  assert.ok(message.text.includes('${SET_NAME}'));
  await assert.rejects(prepareWorker(message, null, { env: { SET_NAME: 'another-one' }, signal }), {
    code: 'ERR_WORKER_REFUSED',
    message: /comes to another pipeline here than at the run: name:.*same files and the same environment/,
  });
  writeFileSync(file, before);
});
