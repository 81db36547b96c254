import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { readNothing } from '../../../src/metrics/followRun.js';
import { observeMetrics } from '../../../src/metrics/otlp/otlpMetrics.js';
import { RUN_METRICS } from '../../../src/metrics/runMetrics.js';

test('the metrics of the page are read at each export, with unit and help, without _total', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const provider = new MeterProvider({ readers: [reader] });
  let rowsKept = 4;
  observeMetrics(provider.getMeter('test'), () => ({ ...readNothing(), rowsKept }));
  await reader.forceFlush();
  rowsKept = 9;
  await reader.forceFlush();
  const all = exporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics[0]!.metrics);
  const kept = all.map((metrics) =>
    metrics.find(({ descriptor }) => descriptor.name === 'scalequest_kept_rows')!,
  );
  assert.deepEqual(
    kept.map(({ dataPoints }) => dataPoints[0]!.value),
    [4, 9],
  );
  const cpu = all[0]!.find(({ descriptor }) => descriptor.name === 'process_cpu_seconds')!;
  assert.equal(cpu.descriptor.unit, 's');
  const names = new Set(
    RUN_METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_sum`, `${name}_count`] : [name.replace(/_total$/, '')],
    ),
  );
  for (const { descriptor } of all[0]!)
    assert.ok(names.has(descriptor.name) && descriptor.description !== '');
  await provider.shutdown();
});
