import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BatchApi, createBatchApi, failedError } from '../../../src/backends/batchApi/batchApi.js';
import { systemClock } from '../../../src/clock.js';
import { okLine, serveBatches } from '../../helpers/batchServer.js';
import { servePages } from '../../helpers/pageServer.js';

const KEY = 'sk-batch-0123456789';

function openApi(url: string, signal = new AbortController().signal): BatchApi {
  const options = {
    ...{ replicas: [`${url}/v1`], model: 'm', apiKeyEnv: 'BATCH_KEY', pollMs: 1 },
    ...{ timeoutMs: 5000, retriesMax: 0, unreachableMs: 0 },
  };
  const deps = { env: { BATCH_KEY: KEY }, clock: systemClock, random: () => 0 };
  return createBatchApi('writer', options, deps, signal);
}

const body = (prompt: string): string => JSON.stringify({ model: 'm', prompt: `user\n${prompt}<|im_end|>` });
const REQUESTS = ['a', 'b'].map((id) => ({ id, body: body(id) }));

describe('createBatchApi', () => {
  it('uploads a file of lines, orders its batch with our mark, and reads the replies by id', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const api = openApi(server.url);
    const ordered = await api.submit(REQUESTS, '/completions');
    assert.deepEqual(
      server.files[0]!.split('\n').map((line) => JSON.parse(line) as object),
      REQUESTS.map((request) => ({
        ...{ custom_id: request.id, method: 'POST', url: '/v1/completions' },
        body: JSON.parse(request.body) as object,
      })),
    );
    assert.deepEqual(server.orders[0], {
      ...{ input_file_id: 'file_0', endpoint: '/v1/completions', completion_window: '24h' },
      metadata: { scalequest: 'batch-1', model: 'm' },
    });
    const { batch, lines } = await api.follow(ordered);
    assert.equal(batch.status, 'completed');
    assert.deepEqual([...lines.keys()].sort(), ['a', 'b']);
    assert.equal(lines.get('a')!.response!.status_code, 200);
    await api.destroy();
  });

  it('takes a garbled line for a missing one, and a reply before an error of the same id', async () => {
    const server = await serveBatches((lines) => ({
      ...{ status: 'completed', output: ['{"custom_id":"b"', '[]', ...lines.slice(0, 1).map(okLine)] },
      error: [{ custom_id: 'a', response: null, error: { code: 'batch_expired', message: 'late' } }],
    }));
    const api = openApi(server.url);
    const { lines } = await api.follow(await api.submit(REQUESTS, '/completions'));
    assert.deepEqual([...lines.keys()], ['a']);
    assert.equal(lines.get('a')!.response!.status_code, 200);
    await api.destroy();
  });

  it('finds what earlier runs of this model have ordered, the newest first', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const api = openApi(server.url);
    await api.submit(REQUESTS, '/completions');
    await api.submit(REQUESTS.slice(0, 1), '/completions');
    server.orders.push({ ...server.orders[0], metadata: { scalequest: 'batch-1', model: 'other' } });
    server.ended.push(null);
    server.files.push(`{"custom_id":"c","body":{}}`);
    const earlier = await api.earlier();
    assert.deepEqual(
      [earlier.get('a')?.id, earlier.get('b')?.id, earlier.get('c')],
      ['batch_1', 'batch_0', undefined],
    );
    await api.destroy();
  });

  it('gives nothing earlier where the API has no list', async () => {
    const server = await serveBatches(() => null, { lists: false });
    const api = openApi(server.url);
    assert.equal((await api.earlier()).size, 0);
    await api.destroy();
  });

  it('a probe orders nothing, and shows a wrong key', async (t) => {
    const asked: string[] = [];
    const root = await servePages(t, ({ url, method }, response) => {
      asked.push(`${method} ${url}`);
      response.writeHead(401).end('{}');
    });
    const api = openApi(root);
    await assert.rejects(api.probe(), { code: 'ERR_MODEL_REFUSED', message: /BATCH_KEY/ });
    assert.deepEqual(asked, ['GET /v1/batches?limit=100']);
    await api.destroy();
  });

  it('orders no batch when it is given up during the upload', async (t) => {
    const closing = new AbortController();
    const asked: string[] = [];
    const root = await servePages(t, ({ url }, response) => {
      asked.push(url!);
      closing.abort(new Error('closed'));
      response.end('{"id":"file_0"}');
    });
    const api = openApi(root, closing.signal);
    await assert.rejects(api.submit(REQUESTS, '/completions'), { message: 'closed' });
    assert.deepEqual(asked, ['/v1/files']);
    await api.destroy();
  });
});

it('failedError says why a batch failed, without the key', async () => {
  const api = openApi('http://127.0.0.1:9');
  const failed = { id: 'batch_7', status: 'failed', errors: { data: [{ message: `${KEY} has no quota` }] } };
  const { code, message } = failedError(api.context, failed);
  assert.equal(code, 'ERR_MODEL_REFUSED');
  assert.match(message, /batch batch_7 failed: \[key\] has no quota$/);
  assert.match(failedError(api.context, { id: 'b', status: 'failed' }).message, /no reason given$/);
  await api.destroy();
});
