import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PipelineRun, openMetrics, runPipeline } from '../../src/index.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

async function pageOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test('before a run the page is there; it tells of the run that it follows, to its end', async () => {
  const metrics = await openMetrics({ port: 0 });
  assert.match(metrics.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const before = await pageOf(metrics.url);
  assert.match(before, /^scalequest_run_phase\{phase="starting"\} 1$/m);
  assert.doesNotMatch(before, /^scalequest_run_info\{/m);
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out });
  metrics.follow(run);
  const { report } = await run.result;
  await pageOf(metrics.url);
  // The page of before the run is still shown for half a second; the last scrape gets a fresh one.
  const ending = metrics.end();
  const after = await pageOf(metrics.url);
  await ending;
  assert.match(after, /^scalequest_run_info\{pipeline="small",run="run",version="[\d.]+"\} 1$/m);
  assert.match(after, /^scalequest_run_phase\{phase="finished"\} 1$/m);
  assert.ok(after.includes(`\nscalequest_source_rows_total ${report.rowsIn}\n`));
  assert.ok(after.includes(`\nscalequest_kept_rows_total ${report.rowsKept}\n`));
  assert.match(after, /^scalequest_step_rows_in_total\{step="deduplicate"\} 5$/m);
  assert.match(after, /^scalequest_step_rows_dropped_total\{step="deduplicate"\} 1$/m);
  await assert.rejects(fetch(metrics.url));
});

test('the end waits for nobody who looked once and is no monitor', async () => {
  const metrics = await openMetrics({ port: 0 });
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out });
  metrics.follow(run);
  await run.result;
  await pageOf(metrics.url);
  const waits: number[] = [];
  await metrics.end(undefined, (seconds) => waits.push(seconds));
  assert.deepEqual(waits, []);
});

test('labels hold no value that the environment filled in', async () => {
  const metrics = await openMetrics({ port: 0 });
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out });
  const secret = 'planted-secret-0123456789';
  const stats = { requests: 0, retries: 0, failures: 0, inFlight: 0, queued: 0 };
  const followed: PipelineRun = {
    ...run,
    folder: `/runs/${secret}`,
    plan: { ...run.plan, name: `of ${secret}`, filled: new Map([['PLANTED', secret]]) },
    stats: () => ({
      [secret]: { ...stats, promptTokens: 0, completionTokens: 0, memoryPeakBytes: 0, trouble: secret },
    }),
  };
  metrics.follow(followed);
  const page = await pageOf(metrics.url);
  await run.result;
  await metrics.end();
  assert.ok(page.includes('pipeline="of ${PLANTED}"') && page.includes('model="${PLANTED}"'));
  assert.ok(!page.includes(secret));
});
