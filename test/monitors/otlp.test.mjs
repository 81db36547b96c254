// A run on the bundled model is sent to a receiver; what comes is compared with what the run wrote.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readJson, startCommand, testFolder, until, writeQuickstart } from './command.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = testFolder();
const children = [];
const LIMIT = 12;
const TRACE = 'cccccccccccccccccccccccccccccccc';
const PARENT = 'dddddddddddddddd';
const SECRET = 'planted-otlp-secret-0123456789';

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function startReceiver() {
  const child = spawn(process.env.SCALEQUEST_PYTHON, [join(here, 'receiver.py')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exports = [];
  const lines = createInterface({ input: child.stdout });
  const [port] = await once(lines, 'line');
  lines.on('line', (line) => exports.push(JSON.parse(line)));
  return { endpoint: `http://127.0.0.1:${port}`, exports };
}

async function runTo(endpoint, out, more = {}, flags = []) {
  const file = writeQuickstart(folder, LIMIT);
  const args = ['run', file, '--out', join(folder, out), '--otlp', ...flags];
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more };
  const run = startCommand(args, { cwd: folder, env });
  children.push(run.child);
  assert.equal(await run.ended, 0, run.said);
  return run.said;
}

/** Attributes as a plain object. */
function plain(attributes = []) {
  const valueOf = ({ stringValue, intValue, doubleValue, boolValue, arrayValue }) =>
    arrayValue
      ? arrayValue.values.map(valueOf)
      : (stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue)));
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function spansIn(exports) {
  return exports
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ export: { resourceSpans } }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map((span) => ({ ...span, attributes: plain(span.attributes) }));
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

describe('a run with all its calls traced', () => {
  let spans;
  let calls;
  let metrics;
  let exported;
  let report;
  let tiny;

  before(async () => {
    const receiver = await startReceiver();
    const said = await runTo(
      receiver.endpoint,
      'run',
      {
        OTEL_SERVICE_NAME: 'night-run',
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${SECRET}`,
        TRACEPARENT: `00-${TRACE}-${PARENT}-01`,
      },
      ['--trace-share', '1'],
    );
    assert.doesNotMatch(said, /collector/);
    report = readJson(folder, 'run', 'report.json');
    tiny = readJson(folder, 'run', 'performance.json').models.tiny;
    exported = receiver.exports;
    await until(
      () => spansIn(exported).some(({ name }) => name === 'run'),
      () => 'the span of the run',
    );
    spans = spansIn(exported);
    calls = spans.filter(({ attributes }) => 'scalequest.call.kind' in attributes);
    const last = exported.findLast(({ path }) => path === '/v1/metrics').export.resourceMetrics[0];
    metrics = new Map(last.scopeMetrics[0].metrics.map((metric) => [metric.name, metric]));
  });

  it('names the service and the version', () => {
    const { resource } = exported.find(({ path }) => path === '/v1/traces').export.resourceSpans[0];
    const attributes = plain(resource.attributes);
    assert.equal(attributes['service.name'], 'night-run');
    assert.match(attributes['service.version'], /^\d+\.\d+\.\d+/);
  });

  it('has a span a call, with the conventions of generative AI', () => {
    const answers = calls.filter(({ attributes }) => attributes['scalequest.step'] === 'respond');
    assert.ok(answers.length > 0);
    for (const { name, kind, attributes } of answers) {
      assert.equal(name, 'text_completion tiny');
      assert.equal(kind, 'SPAN_KIND_INTERNAL');
      assert.equal(attributes['gen_ai.operation.name'], 'text_completion');
      assert.equal(attributes['gen_ai.provider.name'], 'llama_cpp');
      assert.equal(attributes['gen_ai.request.model'], 'tiny');
      assert.equal(attributes['gen_ai.request.choice.count'], 5);
      assert.equal(attributes['gen_ai.request.max_tokens'], 160);
      assert.equal(attributes['gen_ai.request.temperature'], 0.7);
      assert.equal(attributes['gen_ai.response.finish_reasons'].length, 5);
    }
  });

  it('adds up to what performance.json says of requests, tokens and hits', () => {
    const total = (name) => sum(calls.map(({ attributes }) => attributes[name]));
    assert.equal(total('scalequest.call.tries'), tiny.requests);
    assert.equal(total('gen_ai.usage.input_tokens'), tiny.promptTokens);
    assert.equal(total('gen_ai.usage.output_tokens'), tiny.completionTokens);
    const hits = calls.filter(({ attributes }) => attributes['scalequest.store.hit']);
    assert.equal(hits.length, tiny.storeHits);
    assert.equal(calls.length, tiny.requests + tiny.storeHits);
  });

  it('has a trace a row: its calls lie in it, and it leads to the run', () => {
    const run = spans.find(({ name }) => name === 'run');
    const rows = new Map(spans.filter(({ name }) => name === 'row').map((span) => [span.spanId, span]));
    assert.equal(rows.size, report.rowsIn);
    for (const row of rows.values())
      assert.deepEqual([row.links[0].traceId, row.links[0].spanId], [run.traceId, run.spanId]);
    for (const { traceId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes } of calls) {
      const row = rows.get(parentSpanId);
      assert.equal(row.traceId, traceId);
      assert.equal(row.attributes['scalequest.row.seq'], attributes['scalequest.row.seq']);
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano));
      assert.ok(BigInt(row.startTimeUnixNano) <= BigInt(startTimeUnixNano));
      assert.ok(BigInt(endTimeUnixNano) <= BigInt(row.endTimeUnixNano));
    }
  });

  it('has the run below the span that started it, and a step a span with its counts', () => {
    const run = spans.find(({ name }) => name === 'run');
    const base64 = (hex) => Buffer.from(hex, 'hex').toString('base64');
    assert.deepEqual([run.traceId, run.parentSpanId], [base64(TRACE), base64(PARENT)]);
    assert.equal(run.attributes['scalequest.rows.kept'], report.rowsKept);
    for (const { step, rowsIn, kept } of report.funnel) {
      const { parentSpanId, attributes } = spans.find(({ name }) => name === `step ${step}`);
      assert.equal(parentSpanId, run.spanId);
      assert.deepEqual(
        [attributes['scalequest.step.rowsIn'], attributes['scalequest.step.kept']],
        [rowsIn, kept],
      );
    }
  });

  it('sends the metrics of the page, without `_total`', () => {
    const valueOf = (name) => {
      const { sum: counter, gauge } = metrics.get(name);
      const [{ asInt, asDouble }] = (counter ?? gauge).dataPoints;
      return Number(asInt ?? asDouble);
    };
    assert.equal(valueOf('scalequest_kept_rows'), report.rowsKept);
    assert.equal(valueOf('scalequest_source_rows'), report.rowsIn);
    assert.equal(valueOf('scalequest_model_requests'), tiny.requests);
    assert.equal(metrics.get('scalequest_kept_rows').sum.isMonotonic, true);
    assert.equal(metrics.get('process_cpu_seconds').unit, 's');
  });

  it('sends the key of the collector nowhere but to its header, and nothing of the environment', () => {
    assert.ok(!JSON.stringify(exported).includes(SECRET));
  });
});

describe('collectors that are none', () => {
  it('one that is dead costs nothing, and is said at the end', async () => {
    const said = await runTo('http://127.0.0.1:9', 'dead', {}, ['--trace-share', '1']);
    assert.match(
      said,
      /^The collector did not take [1-9]\d* spans, and [1-9]\d* times the metrics: .*ECONNREFUSED/m,
    );
  });

  it('one that never answers holds up the end for 5 s at most', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const startedMs = Date.now();
    const said = await runTo(`http://127.0.0.1:${server.address().port}`, 'hanging', {}, [
      '--trace-share',
      '1',
    ]);
    const { wallS } = readJson(folder, 'hanging', 'performance.json');
    const beyondMs = Date.now() - startedMs - 1000 * wallS;
    server.close();
    assert.ok(beyondMs < 20_000, `${beyondMs} ms`);
    assert.match(said, /^The collector did not take [1-9]\d* spans/m);
  });
});
