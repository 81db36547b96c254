import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openMetrics, openOtlp, pushRun, runPipeline, systemWorld } from '../../src/index.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { startHubServer } from '../helpers/servers/hubServer.js';

/** Planted where users put them: a key, the path of an address, a name. */
const SECRETS = {
  SOLVER_KEY: 'sk-planted-key-0123456789',
  PATH_SECRET: 'planted-path-0123456789',
  NAME_SECRET: 'planted-name-0123456789',
  OTHER_TOKEN: 'planted-other-0123456789',
};

async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function holdsSecret(bytes: Buffer): string[] {
  return Object.entries(SECRETS).flatMap(([name, value]) => (bytes.includes(value) ? [name] : []));
}

test('secrets of a run are on no page of metrics, in no span or metric that is sent, and in no file that is pushed', async (t) => {
  const seen: string[] = [];
  const model = await serve(t, (request, _body, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    const choice = { index: 0, text: 'What is 1 + 1?', finish_reason: 'stop' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ choices: [choice], usage: { prompt_tokens: 3, completion_tokens: 5 } }));
  });
  const sent: Buffer[] = [];
  const collector = await serve(t, (request, body, response) => {
    sent.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200).end();
  });
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://${collector}`;
  t.after(() => void delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']);
  const hub = await startHubServer();
  t.after(() => hub.close());

  const folder = temporaryFolder();
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(
    file,
    [
      'name: secrets',
      'limit: 3',
      'store: none',
      'models:',
      '  m:',
      `    openai: { replicas: ["http://${model}/\${PATH_SECRET}/v1"], model: "\${NAME_SECRET}", apiKeyEnv: SOLVER_KEY }`,
      '    template: qwen2-math',
      'steps:',
      '  - generate: { generators: [{ model: m }], tokensMax: 16 }',
      '',
    ].join('\n'),
  );
  const env = { ...SECRETS, HF_TOKEN: hub.token, HF_ENDPOINT: hub.url };
  const world = { ...systemWorld(), env };
  const metrics = await openMetrics({ port: 0 });
  const otlp = await openOtlp({ share: 1 });
  const run = await runPipeline(file, { out: join(folder, 'run'), calls: otlp.calls }, world);
  metrics.follow(run);
  otlp.follow(run);
  await run.result;
  const page = Buffer.from(await (await fetch(metrics.url)).arrayBuffer());
  await metrics.end();
  assert.deepEqual(await otlp.end(), { spans: 0, metrics: 0, reason: undefined });
  await pushRun(join(folder, 'run'), 'me/secrets', { rejects: true }, world);

  // The servers got them; nobody else did.
  assert.ok(seen[0]!.includes(SECRETS.PATH_SECRET) && seen[0]!.includes(SECRETS.SOLVER_KEY));
  assert.ok(page.includes(`replica="${model}"`) || page.includes('scalequest_replica_requests_total{'));
  assert.deepEqual(holdsSecret(page), []);
  const all = Buffer.concat(sent);
  assert.ok(all.includes('gen_ai.request.model') && all.includes('${NAME_SECRET}'));
  assert.deepEqual(holdsSecret(all), []);
  for (const [path, bytes] of hub.repos.get('me/secrets')!.files)
    assert.deepEqual(holdsSecret(bytes), [], path);
});
