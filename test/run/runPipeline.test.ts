import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RunEvent, runPipeline } from '../../src/index.js';
import { SMALL_TEXTS, smallPipeline } from '../helpers/runs/smallPipeline.js';

/** Programs run pipeline files as the command line does; this one needs no model. */

test('events tell a run from its start to its report; the log holds the lasting ones of them', async () => {
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out });
  const events: RunEvent[] = [];
  let isComplete = false;
  run.events.subscribe({ next: (event) => events.push(event), complete: () => (isComplete = true) });
  const { report, isShort, trained } = await run.result;
  assert.ok(isComplete);
  assert.deepEqual([report.rowsIn, report.rowsKept, isShort, trained], [5, 4, false, []]);
  const names = events.map(({ event }) => event);
  assert.deepEqual(names.slice(0, 2), ['started', 'flowing']);
  assert.deepEqual(names.slice(-3), ['measured', 'finished', 'reported']);
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
    names.filter((name) => ['started', 'committed', 'measured', 'finished'].includes(name)),
  );
  const reported = events.find((event) => event.event === 'reported');
  assert.deepEqual(reported!.sample[0], { seq: 0, question: SMALL_TEXTS[0] });
});

test('`set` changes values as --set does, and a run that was begun goes on', async () => {
  const { file, out } = smallPipeline();
  const stop = new AbortController();
  const set = { 'source.batchRows': 1, 'source.windowRows': 1, 'output.shardRows': 1 };
  const first = await runPipeline(file, { out, set, signal: stop.signal });
  first.events.subscribe(({ event }) => event === 'committed' && stop.abort());
  await assert.rejects(first.result, { code: 'ERR_CANCELLED' });
  const again = await runPipeline(file, { out, set });
  const starts: number[] = [];
  again.events.subscribe((event) => void (event.event === 'flowing' && starts.push(event.from)));
  const { report, performance } = await again.result;
  assert.equal(report.rowsKept, 4);
  const { total, wallS } = performance!;
  assert.ok(total.starts === 2 && total.wallS >= wallS, JSON.stringify(total));
  assert.ok(starts[0]! > 0 && starts[0]! < 5);
  const short = await runPipeline(file, { out: `${out}-short`, set: { target: 9, 'output.shardRows': 3 } });
  assert.equal(short.plan.settings.output.shardRows, 3);
  assert.equal((await short.result).isShort, true);
});

test('a run that fails rejects its result, completes its events, and tells the failure first', async () => {
  const { file, out } = smallPipeline();
  // Behind the rows that the check reads.
  writeFileSync(join(out, '..', 'in.jsonl'), '{"question":"a"}\n{"question":"b"}\nno json\n');
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
  const { file, out } = smallPipeline();
  await (
    await runPipeline(file, { out })
  ).result;
  const again = await runPipeline(file, { out });
  const names: string[] = [];
  again.events.subscribe(({ event }) => names.push(event));
  const { performance, report } = await again.result;
  assert.deepEqual([performance, report.rowsKept, names], [null, 4, ['reported']]);
});
