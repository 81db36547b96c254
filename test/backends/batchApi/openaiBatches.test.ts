import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BatchApi, type Result, createBatchApi } from '../../../src/backends/batchApi/batchApi.js';
import { openaiBatches } from '../../../src/backends/batchApi/openaiBatches.js';
import { systemClock } from '../../../src/clock.js';
import { okLine, serveBatches } from '../../helpers/servers/batchServer.js';
import { servePages } from '../../helpers/servers/pageServer.js';

const KEY = 'sk-batch-0123456789';

function openApi(url: string, signal = new AbortController().signal): BatchApi {
  const options = {
    ...{ replicas: [`${url}/v1`], model: 'm', apiKeyEnv: 'BATCH_KEY', pollMs: 1 },
    ...{ timeoutMs: 5000, retriesMax: 0, unreachableMs: 0 },
  };
  const deps = { env: { BATCH_KEY: KEY }, clock: systemClock, random: () => 0 };
  return createBatchApi('writer', options, openaiBatches, deps, signal);
}

function statusOf(results: ReadonlyMap<string, Result>, id: string): number | undefined {
  const result = results.get(id);
  return result?.kind === 'reply' ? result.status : undefined;
}

const body = (prompt: string): string => JSON.stringify({ model: 'm', prompt: `user\n${prompt}<|im_end|>` });
const REQUESTS = ['a', 'b'].map((id) => ({ id, body: body(id) }));

describe('openaiBatches', () => {
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
    const { batch, results } = await api.follow(ordered);
    assert.equal(batch.state, 'completed');
    assert.deepEqual([...results.keys()].sort(), ['a', 'b']);
    assert.equal(statusOf(results, 'a'), 200);
    await api.destroy();
  });

  it('takes a garbled line for a missing one, and a reply before an error of the same id', async () => {
    const server = await serveBatches((lines) => ({
      ...{ status: 'completed', output: ['{"custom_id":"b"', '[]', ...lines.slice(0, 1).map(okLine)] },
      error: [{ custom_id: 'a', response: null, error: { code: 'batch_expired', message: 'late' } }],
    }));
    const api = openApi(server.url);
    const { results } = await api.follow(await api.submit(REQUESTS, '/completions'));
    assert.deepEqual([...results.keys()], ['a']);
    assert.equal(statusOf(results, 'a'), 200);
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
