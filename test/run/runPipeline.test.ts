import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RunEvent, checkPipeline, planPipeline, previewPipeline, runPipeline } from '../../src/index.js';
import { PipelineProblems } from '../../src/pipeline/document.js';
import { systemWorld } from '../../src/run/systemWorld.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** Programs run pipeline files as the command line does; this one needs no model. */

const TEXTS = [
  'What is 1 + 1?',
  'What is 1 + 1?',
  'Was ist das?',
  'What is the sum of two and three?',
  'What is 2 + 7?',
];

function written(): { file: string; out: string } {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'in.jsonl'),
    TEXTS.map((question) => `${JSON.stringify({ question })}\n`).join(''),
  );
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(
    file,
    [
      'name: small',
      'seed: 7',
      'source: { jsonl: { path: in.jsonl, columns: { question: string } }, batchRows: 2 }',
      'steps:',
      '  - deduplicate: { similarityMin: null }',
      'output: { columns: [seq, question], shardRows: 2 }',
      '',
    ].join('\n'),
  );
  return { file, out: join(folder, 'run') };
}

test('events tell a run from its start to its report; the log holds the lasting ones of them', async () => {
  const { file, out } = written();
  const run = await runPipeline(file, { out });
  const events: RunEvent[] = [];
  let isComplete = false;
  run.events.subscribe({ next: (event) => events.push(event), complete: () => (isComplete = true) });
  const { report, isShort, trained } = await run.result;
  assert.ok(isComplete);
  assert.deepEqual([report.rowsIn, report.rowsKept, isShort, trained], [5, 4, false, []]);
  const names = events.map(({ event }) => event);
  assert.deepEqual(names.slice(0, 2), ['started', 'flowing']);
  assert.deepEqual(names.slice(-2), ['finished', 'reported']);
  const committed = events.filter((event) => event.event === 'committed');
  assert.deepEqual(committed.at(-1), { event: 'committed', next: 5, kept: 4 });
  const counted = events.flatMap((event) => (event.event === 'counted' ? [event.counts.rowsIn] : []));
  assert.equal(
    counted.reduce((sum, rows) => sum + rows, 0),
    5,
  );
  const logged = readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n');
  assert.deepEqual(
    logged.map((line) => (JSON.parse(line) as { event: string }).event),
    names.filter((name) => ['started', 'committed', 'finished'].includes(name)),
  );
  const reported = events.find((event) => event.event === 'reported');
  assert.deepEqual(reported!.sample[0], { seq: 0, question: TEXTS[0] });
});

test('`set` changes values as --set does, and a run that was begun goes on', async () => {
  const { file, out } = written();
  const stop = new AbortController();
  const first = await runPipeline(file, { out, signal: stop.signal });
  first.events.subscribe(({ event }) => event === 'committed' && stop.abort());
  await assert.rejects(first.result, { code: 'ERR_CANCELLED' });
  const again = await runPipeline(file, { out });
  const starts: number[] = [];
  again.events.subscribe((event) => void (event.event === 'flowing' && starts.push(event.from)));
  assert.equal((await again.result).report.rowsKept, 4);
  assert.ok(starts[0]! > 0 && starts[0]! < 5);
  const short = await runPipeline(file, { out: `${out}-short`, set: { target: 9, 'output.shardRows': 3 } });
  assert.equal(short.plan.settings.output.shardRows, 3);
  assert.equal((await short.result).isShort, true);
});

test('a run that fails rejects its result, completes its events, and tells the failure first', async () => {
  const { file, out } = written();
  writeFileSync(join(out, '..', 'in.jsonl'), '{"question":"a"}\nno json\n');
  const run = await runPipeline(file, { out });
  const events: RunEvent[] = [];
  let isComplete = false;
  run.events.subscribe({ next: (event) => events.push(event), complete: () => (isComplete = true) });
  await assert.rejects(run.result, { code: 'ERR_DATA_INVALID' });
  assert.ok(isComplete);
  const last = events.at(-1);
  assert.ok(last?.event === 'failed' && last.code === 'ERR_DATA_INVALID');
});

test('a complete run reports again, without rows', async () => {
  const { file, out } = written();
  await (
    await runPipeline(file, { out })
  ).result;
  const again = await runPipeline(file, { out });
  const names: string[] = [];
  again.events.subscribe(({ event }) => names.push(event));
  const { performance, report } = await again.result;
  assert.deepEqual([performance, report.rowsKept, names], [null, 4, ['reported']]);
});

test('mistakes of a file are thrown by planPipeline and given by checkPipeline; nothing is written', async () => {
  const { file, out } = written();
  const set = { 'steps.deduplicate.similarityMin': 7, nonsense: 1 };
  await assert.rejects(runPipeline(file, { out, set }), PipelineProblems);
  await assert.rejects(planPipeline(file, { set }), PipelineProblems);
  const { plan, problems } = await checkPipeline(file, { set });
  assert.equal(plan, null);
  assert.equal(problems.length, 2);
  assert.deepEqual((await checkPipeline(file)).problems, []);
  await assert.rejects(checkPipeline(join(out, 'none.yaml')), { code: 'ERR_PIPELINE_READ' });
  assert.equal(existsSync(out), false);
});

test('the environment is the one that is handed in', async () => {
  const { file } = written();
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: small', 'name: ${SET_NAME}'));
  const plan = await planPipeline(file, {}, { ...systemWorld(), env: { SET_NAME: 'mine' } });
  assert.equal(plan.name, 'mine');
});

test('a preview tells what each step did to the first rows, and makes no folder', async () => {
  const { file, out } = written();
  const { traces, steps } = await previewPipeline(file, { rows: 2 });
  assert.deepEqual(steps, ['deduplicate']);
  assert.deepEqual(
    traces.map(({ effects }) => effects.map(({ kind }) => kind)),
    [['kept'], ['dropped']],
  );
  assert.equal(existsSync(out), false);
});
