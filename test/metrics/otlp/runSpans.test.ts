import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as api from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createRunSpans } from '../../../src/metrics/otlp/runSpans.js';
import type { CalledEvent, RunEvent } from '../../../src/run/events.js';

const SECRET = 'planted-span-secret-0123456789';

function spansOf() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  let nowMs = Date.now();
  const spans = createRunSpans({
    ...{ api, tracer: provider.getTracer('test'), parent: null, models: {}, attributes: {} },
    nowMs: () => nowMs,
    clean: (text) => text.replaceAll(SECRET, '${KEY}'),
  });
  const call = (seq: number, more: Partial<CalledEvent> = {}): RunEvent => ({
    ...{
      event: 'called',
      step: 'respond',
      model: 'tiny',
      kind: 'complete',
      seq,
      startedMs: nowMs,
      tookMs: 5,
    },
    ...{ tries: 1, promptTokens: 1, completionTokens: 1, isStoreHit: false },
    ...more,
  });
  return { spans, call, done: () => exporter.getFinishedSpans(), pass: (ms: number) => void (nowMs += ms) };
}

test('a row ends when the watermark has passed it, with its last call; others stay open', () => {
  const { spans, call, done, pass } = spansOf();
  spans.tell(call(3));
  spans.tell(call(9));
  pass(10);
  spans.tell(call(3));
  assert.equal(done().filter(({ name }) => name === 'row').length, 0);
  pass(2000);
  spans.tell({ event: 'delivered', watermark: 5, kept: 1 });
  const [row, ...more] = done().filter(({ name }) => name === 'row');
  assert.deepEqual([row!.attributes['scalequest.row.seq'], more.length], [3, 0]);
  const msOf = ([seconds, nanos]: api.HrTime): number => seconds * 1000 + nanos / 1e6;
  assert.ok(Math.abs(msOf(row!.endTime) - msOf(row!.startTime) - 15) < 0.01);
  spans.end();
  assert.equal(done().filter(({ name }) => name === 'row').length, 2);
});

test('a failed call and a failed run have the status of errors, and their codes', () => {
  const { spans, call, done } = spansOf();
  spans.tell(call(1, { code: 'ROW_MARKER' }));
  spans.tell({ event: 'failed', code: 'ERR_MEMORY', message: `${SECRET} is in it` });
  spans.end();
  const [called, , run] = done();
  assert.deepEqual(
    [called!.status.code, called!.attributes['error.type']],
    [api.SpanStatusCode.ERROR, 'ROW_MARKER'],
  );
  assert.deepEqual([run!.name, run!.status.message], ['run', 'ERR_MEMORY']);
});

test('a call to a server is one of a client, with host and port', () => {
  const { spans, call, done } = spansOf();
  spans.tell(call(1, { replica: 'http://gpu7:8000/v1' }));
  const [called] = done();
  assert.equal(called!.kind, api.SpanKind.CLIENT);
  assert.deepEqual([called!.attributes['server.address'], called!.attributes['server.port']], ['gpu7', 8000]);
});

test('no span holds what the environment filled in, wherever it stands', () => {
  const { spans, call, done } = spansOf();
  spans.tell({ event: 'flowing', from: 0, kept: 0, models: [SECRET], steps: [SECRET] });
  spans.tell(call(1, { step: SECRET, model: SECRET, replica: `http://${SECRET}.example/v1?key=${SECRET}` }));
  spans.tell({ event: 'counted', step: SECRET, counts: { rowsIn: 1, kept: 1, dropped: 0, rejected: 0 } });
  spans.tell({
    event: 'trainingLaunched',
    kind: 'training',
    label: SECRET,
    command: [SECRET],
    logPath: SECRET,
  });
  spans.end();
  assert.equal(done().length, 5);
  for (const { name, attributes, events, status, links } of done())
    assert.ok(!JSON.stringify({ name, attributes, events, status, links }).includes(SECRET), name);
});

test('steps are spans below the run with their counts added up, and commits are its events', () => {
  const { spans, done } = spansOf();
  const counts = { rowsIn: 2, kept: 1, dropped: 1, rejected: 0 };
  spans.tell({ event: 'counted', step: 'respond', counts });
  spans.tell({ event: 'counted', step: 'respond', counts });
  spans.tell({ event: 'committed', next: 8, kept: 4 });
  spans.end();
  const [step, run] = done();
  assert.equal(step!.parentSpanContext?.spanId, run!.spanContext().spanId);
  assert.equal(step!.attributes['scalequest.step.rowsIn'], 4);
  assert.deepEqual(run!.events[0]!.attributes, { 'scalequest.rows.source': 8, 'scalequest.rows.kept': 4 });
});
