import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otlpSettings } from '../../../src/metrics/otlp/otlpSettings.js';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);

test('a hundredth of the rows is traced, unless a share is given or the variables name a sampler', () => {
  const shareOf = (env: Record<string, string>, share?: number): number => otlpSettings(env, share).share;
  assert.equal(shareOf({}), 0.01);
  assert.equal(shareOf({}, 0.5), 0.5);
  assert.equal(shareOf({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.02' }), 0.02);
  const parentBased = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.3' };
  assert.equal(shareOf(parentBased), 0.3);
  assert.equal(shareOf(parentBased, 1), 1);
  assert.equal(shareOf({ OTEL_TRACES_SAMPLER: 'always_on' }), 1);
  assert.equal(shareOf({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }), 0);
  assert.equal(shareOf({ OTEL_TRACES_SAMPLER: 'jaeger_remote' }), 0.01);
  assert.equal(shareOf({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }), 0.01);
});

test('a parent is taken from TRACEPARENT; one that is not sampled has no calls traced', () => {
  const sampled = otlpSettings({ TRACEPARENT: `00-${TRACE}-${SPAN}-01` }, 1);
  assert.deepEqual([sampled.parent?.traceId, sampled.parent?.spanId, sampled.share], [TRACE, SPAN, 1]);
  assert.equal(otlpSettings({ TRACEPARENT: `00-${TRACE}-${SPAN}-00` }, 1).share, 0);
  for (const text of [
    '',
    'x',
    `00-${TRACE}-${SPAN}`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
  ])
    assert.equal(otlpSettings({ TRACEPARENT: text }).parent, null, text);
});

test('signals can be switched off, and the period of metrics set', () => {
  const settings = otlpSettings({ OTEL_TRACES_EXPORTER: 'none', OTEL_METRIC_EXPORT_INTERVAL: '1500' }, 1);
  assert.deepEqual([settings.sendsTraces, settings.sendsMetrics, settings.share], [false, true, 0]);
  assert.equal(settings.metricsPeriodMs, 1500);
  assert.equal(otlpSettings({ OTEL_METRICS_EXPORTER: 'none' }).sendsMetrics, false);
  assert.equal(otlpSettings({ OTEL_METRIC_EXPORT_INTERVAL: 'soon' }).metricsPeriodMs, 10_000);
});

test('another protocol is refused with the one that is spoken', () => {
  assert.throws(() => otlpSettings({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), {
    code: 'ERR_USAGE',
    message: /found OTEL_EXPORTER_OTLP_PROTOCOL=grpc, expected http\/protobuf/,
  });
});
