import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runPipeline } from '../../../src/run/runPipeline.js';
import type { RunEvent } from '../../../src/run/events.js';
import type { Performance } from '../../../src/run/report/report.js';
import { type WorkerRun, createWorkerRun } from '../../helpers/runs/workerRun.js';

let run: WorkerRun;
before(async () => {
  run = await createWorkerRun({ rows: 300 });
});
after(() => run.endpoint.close());

function options(name: string) {
  return { out: join(run.folder, name, 'run'), set: { store: join(run.folder, name, 'store') } };
}

async function ran(name: string, more: object = {}) {
  const started = await runPipeline(run.file, { ...options(name), ...more });
  const events: RunEvent[] = [];
  started.events.subscribe((event) => events.push(event));
  const { report } = await started.result;
  const path = join(run.folder, name, 'run', 'performance.json');
  const performance = JSON.parse(readFileSync(path, 'utf8')) as Performance;
  return { report, events, performance };
}

test('a run with workers of its own writes the same bytes and report, and counts what they asked', async () => {
  const alone = await ran('alone');
  const shared = await ran('shared', { workers: { count: 2 } });
  assert.equal(run.manifest('shared'), run.manifest('alone'));
  assert.deepEqual(shared.report, alone.report);
  const counted = (events: RunEvent[]): Record<string, number> => {
    const rows: Record<string, number> = {};
    for (const event of events)
      if (event.event === 'counted') rows[event.step] = (rows[event.step] ?? 0) + event.counts.rowsIn;
    return rows;
  };
  assert.deepEqual(counted(shared.events), counted(alone.events));
  assert.equal(shared.events.filter(({ event }) => event === 'workerJoined').length, 2);
  // The last counts of a worker may be a second old.
  const asked = ({ models }: Performance): number => models['solver']!.requests;
  assert.ok(asked(shared.performance) > 0 && asked(shared.performance) <= asked(alone.performance));
});

test('step results that workers gave are replayed by a run without workers, and the other way round', async () => {
  const requests = async (): Promise<number> => (await run.endpoint.stats()).requests.total;
  for (const [from, workers] of [
    ['shared', undefined],
    ['alone', { count: 1 }],
  ] as const) {
    const before = await requests();
    const out = join(run.folder, `replay of ${from}`);
    const started = await runPipeline(run.file, {
      ...{ out, set: { store: join(run.folder, from, 'store') } },
      workers,
    });
    await started.result;
    assert.equal(readFileSync(join(out, 'manifest.jsonl'), 'utf8'), run.manifest('alone'), from);
    assert.equal(await requests(), before, from);
  }
});

test('a model whose server the run would start is refused: each worker would start one', async () => {
  const file = join(run.folder, 'served.yaml');
  const served =
    "openai: { model: x, replicas: ['http://127.0.0.1:1/v1'], serve: { command: [sleep, '9'] } }";
  writeFileSync(
    file,
    ['name: s', 'limit: 4', `models: { m: { ${served}, template: qwen2-math } }`]
      .concat(['steps: [{ generate: { generators: [{ model: m }] } }]', 'store: none', ''])
      .join('\n'),
  );
  const started = await runPipeline(file, { out: join(run.folder, 'served'), workers: { count: 1 } });
  await assert.rejects(started.result, {
    code: 'ERR_USAGE',
    message: /the model m has `serve`.*replicasFrom/,
  });
});
