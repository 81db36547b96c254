import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { startEndpoint } from '../../../bench/endpoint/start.js';
import { checkOnline } from '../../../src/pipeline/check/checkOnline.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';

const endpoint = await startEndpoint({ timeScale: 0, model: 'right' });
after(() => endpoint.close());

const STEPS = [
  'steps:',
  '  - generate: { generators: [{ model: server }] }',
  '  - judgeSolvability: { model: server, method: probability }',
];

function pipeline(options: string): string {
  return ['name: online', 'limit: 2', 'models:', `  server: { openai: { ${options} } }`, ...STEPS].join('\n');
}

async function problemsOf(options: string): Promise<{ code: string; message: string }[]> {
  return checkOnline(await checkText(pipeline(options)), { env: {}, folder: '.' });
}

test('a server that answers everything the steps ask has no problem', async () => {
  assert.deepEqual(await problemsOf(`replicas: ["${endpoint.url}/v1"], model: right`), []);
});

test('every server with a problem is named, with what to do', async () => {
  const problems = await problemsOf(
    `replicas: ["${endpoint.url}/v1", "http://127.0.0.1:9/v1", "https://127.0.0.1:${endpoint.port}/v1"], model: wrong`,
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['ERR_MODEL_REFUSED', 'ERR_MODEL_UNREACHABLE', 'ERR_MODEL_PROTOCOL'],
  );
  assert.match(problems[0]!.message, /model server \(wrong at http.*answered 404.*has the model "wrong"/s);
  assert.match(problems[1]!.message, /127\.0\.0\.1:9.*ECONNREFUSED/s);
  assert.match(problems[2]!.message, /does not speak TLS/);
});

test('a server that the run starts itself is left out', async () => {
  const serve = 'serve: { command: [no-such-server] }';
  assert.deepEqual(await problemsOf(`replicas: ["http://127.0.0.1:9/v1"], model: m, ${serve}`), []);
});

test('a server that would put a second begin-of-sequence token before the prompt is found', async () => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const asked = JSON.parse(body || '{}') as { prompt: string; add_special_tokens?: boolean };
      const bare = [7, 8, 9];
      const tokens = asked.add_special_tokens === false ? bare : [7, ...bare];
      const logprobs = { top_logprobs: [{ Yes: -1, No: -1 }] };
      const reply =
        request.url === '/tokenize'
          ? { tokens }
          : { choices: [{ text: 'x', index: 0, finish_reason: 'length', logprobs }] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const replicas = `replicas: ["http://127.0.0.1:${port}/v1"], model: m`;
  const [problem] = await problemsOf(replicas);
  assert.equal(problem?.code, 'ERR_MODEL_TEMPLATE');
  assert.match(problem.message, /begin-of-sequence.*add_special_tokens: false/s);
  assert.deepEqual(await problemsOf(`${replicas}, extra: { add_special_tokens: false }`), []);
  server.closeAllConnections();
  server.close();
});

test('a batch API is asked for its list: nothing is ordered', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const isAllowed = request.headers.authorization === 'Bearer sk-good-key-1';
    response.writeHead(isAllowed ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', data: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const text = pipeline(`replicas: ["${url}"], model: m, apiKeyEnv: KEY`).replace('openai:', 'openaiBatch:');
  const plan = await checkText(text);
  const check = (key: string): Promise<{ code: string }[]> =>
    checkOnline(plan, { env: { KEY: key }, folder: '.' });
  assert.deepEqual(await check('sk-good-key-1'), []);
  assert.deepEqual(
    (await check('sk-bad-key-22')).map(({ code }) => code),
    ['ERR_MODEL_REFUSED'],
  );
  assert.deepEqual(asked, ['GET /v1/batches?limit=100', 'GET /v1/batches?limit=100']);
  server.closeAllConnections();
  server.close();
});
