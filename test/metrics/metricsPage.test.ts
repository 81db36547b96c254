import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notMetered } from '../../src/metrics/meter.js';
import { createMetricsPage } from '../../src/metrics/metricsPage.js';

const READING = {
  ...notMetered(['generate', 'with "quotes" \\ and\nlines']),
  facts: { pipeline: 'p', run: 'r', version: '1', startedS: 5, target: 8, chain: undefined },
  trainings: [],
  models: {},
  cost: { money: {}, gpuHours: null },
  use: { cpuS: 1.5, residentBytes: 2 },
};

test('a page has each metric with its help and type, and labels as Prometheus escapes them', async () => {
  const page = createMetricsPage();
  assert.match(page.contentType, /^text\/plain; version=0\.0\.4/);
  const text = await page.print({ ...READING, rowsKept: 12 });
  assert.match(text, /^# HELP scalequest_kept_rows_total Rows of the set/m);
  assert.match(text, /^# TYPE scalequest_kept_rows_total counter\nscalequest_kept_rows_total 12$/m);
  assert.match(text, /^scalequest_step_rows_in_total\{step="generate"\} 0$/m);
  assert.ok(text.includes('{step="with \\"quotes\\" \\\\ and\\nlines"}'));
  assert.match(text, /^process_cpu_seconds_total 1\.5$/m);
});

test('a second print has the values of then, not both added up, and no longer what is not there any more', async () => {
  const page = createMetricsPage();
  await page.print({ ...READING, rowsKept: 12 });
  const text = await page.print({ ...READING, rowsKept: 13, facts: { ...READING.facts, target: undefined } });
  assert.match(text, /^scalequest_kept_rows_total 13$/m);
  assert.doesNotMatch(text, /^scalequest_target_rows /m);
});

test('a histogram has buckets, sum and count under its name', async () => {
  const page = createMetricsPage();
  const counts = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4];
  const none = { requests: 0, retries: 0, failures: 0, inFlight: 0, queued: 0, promptTokens: 0 };
  const tiny = { ...none, completionTokens: 0, memoryPeakBytes: 0, durations: { counts, sumS: 9.5 } };
  const text = await page.print({ ...READING, models: { tiny } });
  const name = 'scalequest_model_request_duration_seconds';
  assert.ok(text.includes(`# TYPE ${name} histogram\n${name}_bucket{model="tiny",le="0.05"} 1\n`), text);
  assert.ok(text.includes(`${name}_bucket{model="tiny",le="+Inf"} 7\n${name}_sum{model="tiny"} 9.5\n`), text);
  assert.ok(text.includes(`${name}_count{model="tiny"} 7\n`));
});
