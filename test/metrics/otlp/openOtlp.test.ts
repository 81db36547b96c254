import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openOtlp, runPipeline, systemWorld } from '../../../src/index.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

/** The packages read the environment of the process. */
function setEndpoint(t: TestContext, server: Server): void {
  const { port } = server.address() as AddressInfo;
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${port}`;
  t.after(() => void delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

async function collector(t: TestContext, status: number): Promise<{ paths: string[]; types: Set<unknown> }> {
  const paths: string[] = [];
  const types = new Set<unknown>();
  const server = createServer((request, response) => {
    paths.push(request.url!);
    types.add(request.headers['content-type']);
    request.resume().on('end', () => response.writeHead(status).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  setEndpoint(t, server);
  return { paths, types };
}

async function sendRun(): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof openOtlp>>['end']>>> {
  const otlp = await openOtlp({ share: 1 });
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out, calls: otlp.calls });
  otlp.follow(run);
  await run.result;
  return otlp.end();
}

test('a run is sent as traces and metrics, in protocol buffers; all is taken', async (t) => {
  const { paths, types } = await collector(t, 200);
  assert.deepEqual(await sendRun(), { spans: 0, metrics: 0, reason: undefined });
  assert.deepEqual([...new Set(paths)].sort(), ['/v1/metrics', '/v1/traces']);
  assert.deepEqual([...types], ['application/x-protobuf']);
});

test('what a collector refuses is counted, with its reason', async (t) => {
  await collector(t, 401);
  const { spans, metrics, reason } = await sendRun();
  // The run, and its only step.
  assert.deepEqual([spans, metrics], [2, 1]);
  assert.match(reason!, /Unauthorized/);
});

test('signals that are switched off are not sent, nor missed', async (t) => {
  const { paths } = await collector(t, 200);
  const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
  const otlp = await openOtlp({ share: 1 }, { ...systemWorld(), env });
  assert.equal(otlp.calls, 0);
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out, calls: otlp.calls });
  otlp.follow(run);
  await run.result;
  assert.deepEqual(await otlp.end(), { spans: 0, metrics: 0, reason: undefined });
  assert.deepEqual(paths, []);
});
