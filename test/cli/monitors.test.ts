import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMonitors } from '../../src/cli/monitors.js';

const NEVER = new AbortController().signal;

test('without a flag nothing is opened, and no calls are told', async () => {
  const monitors = await openMonitors({});
  assert.equal(monitors.calls, undefined);
  await monitors.end(NEVER);
});

test('a share of traces needs something that sends them', async () => {
  await assert.rejects(openMonitors({ traceShare: 0.5 }), {
    code: 'ERR_USAGE',
    message: 'found --trace-share without --otlp, expected both',
  });
});

test('with --otlp the run tells the calls of the share', async (t) => {
  process.env['OTEL_METRICS_EXPORTER'] = 'none';
  t.after(() => void delete process.env['OTEL_METRICS_EXPORTER']);
  const monitors = await openMonitors({ otlp: true, traceShare: 0.25 });
  assert.equal(monitors.calls, 0.25);
  await monitors.end(NEVER);
});
