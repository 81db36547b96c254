import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import {
  type BatchApi,
  createBatchApi,
  failedError,
  jsonLines,
  probeBatches,
} from '../../../src/backends/batchApi/batchApi.js';
import { openaiBatches } from '../../../src/backends/batchApi/openaiBatches.js';
import { type Clock, systemClock } from '../../../src/clock.js';
import { servePages } from '../../helpers/servers/pageServer.js';

const KEY = 'sk-batch-0123456789';
const OPTIONS = {
  ...{ model: 'm', apiKeyEnv: 'BATCH_KEY', pollMs: 1, timeoutMs: 5000, retriesMax: 0, unreachableMs: 0 },
};

/** Waits are over at once, and time goes on by as much. */
function quickClock(): Clock {
  let extraMs = 0;
  return {
    nowMs: () => systemClock.nowMs() + extraMs,
    async sleep(ms, signal) {
      if (ms < 1000) return systemClock.sleep(Math.min(ms, 5), signal);
      extraMs += ms;
    },
  };
}

function openApi(root: string, changes: object = {}, clock: Clock = quickClock()): BatchApi {
  const options = { ...OPTIONS, replicas: [`${root}/v1`], ...changes };
  const deps = { env: { BATCH_KEY: KEY }, clock, random: () => 0.5 };
  return createBatchApi('writer', options, openaiBatches, deps, new AbortController().signal);
}

async function serve(t: TestContext, answer: (url: string, count: number) => [number, object]) {
  const counts: Record<string, number> = Object.create(null) as Record<string, number>;
  const root = await servePages(t, ({ url, method }, response) => {
    const key = `${method} ${url}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const [status, value] = answer(key, counts[key]);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  return { root, counts };
}

const RUNNING = { id: 'batch_0', state: 'running', resultPaths: [] } as const;

describe('createBatchApi', () => {
  for (const status of [500, 429]) {
    it(`a server that answers polls with ${status} for long loses no batch`, async (t) => {
      const { root, counts } = await serve(t, (key, count) => {
        if (!key.startsWith('GET /v1/batches/')) return [200, {}];
        return count <= 30
          ? [status, { error: { message: 'busy' } }]
          : [200, { id: 'batch_0', status: 'completed' }];
      });
      const api = openApi(root, { unreachableMs: 3_600_000 });
      assert.equal((await api.follow(RUNNING)).batch.state, 'completed');
      assert.equal(counts['GET /v1/batches/batch_0'], 31);
      await api.destroy();
    });
  }

  it('gives a server up that answers no poll for longer than unreachableMs', async (t) => {
    const { root } = await serve(t, () => [500, { error: { message: 'down' } }]);
    const api = openApi(root, { unreachableMs: 60_000 });
    await assert.rejects(api.follow(RUNNING), { code: 'ROW_SERVER_ERROR', message: /after 3 tries$/ });
    await api.destroy();
  });

  it('looks for an order whose answer was lost before it sends it again', async (t) => {
    for (const isTaken of [true, false]) {
      const { root, counts } = await serve(t, (key, count) => {
        if (key === 'POST /v1/files') return [200, { id: 'file_0' }];
        if (key === 'POST /v1/batches' && count === 1) return [502, {}];
        const batch = { id: 'batch_0', status: 'in_progress', input_file_id: 'file_0' };
        if (key === 'POST /v1/batches') return [200, batch];
        return isTaken ? [200, { data: [{ ...batch, id: 'b', input_file_id: 'f' }, batch] }] : [404, {}];
      });
      const api = openApi(root, { retriesMax: 1 });
      const { id } = await api.submit([{ id: 'a', body: '{}' }], '/completions');
      assert.deepEqual([id, counts['POST /v1/batches']], ['batch_0', isTaken ? 1 : 2]);
      await api.destroy();
    }
  });
});

it('probeBatches orders nothing, and shows a wrong key', async (t) => {
  const { root, counts } = await serve(t, () => [401, {}]);
  const deps = { env: { BATCH_KEY: KEY }, clock: systemClock, random: () => 0 };
  const probing = probeBatches('writer', { ...OPTIONS, replicas: [`${root}/v1`] }, openaiBatches, deps);
  await assert.rejects(probing, { code: 'ERR_MODEL_REFUSED', message: /BATCH_KEY/ });
  assert.deepEqual({ ...counts }, { 'GET /v1/batches?limit=100': 1 });
});

it('jsonLines leaves out what is no JSON', () => {
  assert.deepEqual(jsonLines('{"a":1}\n\n{"b":\r\n[2]\r\nnull'), [{ a: 1 }, [2], null]);
});

it('failedError says why a batch failed, without the key', async () => {
  const api = openApi('http://127.0.0.1:9');
  const failed = { id: 'batch_7', state: 'failed', why: `${KEY} has no quota`, resultPaths: [] } as const;
  const { code, message } = failedError(api.context, failed);
  assert.equal(code, 'ERR_MODEL_REFUSED');
  assert.match(message, /batch batch_7 failed: \[key\] has no quota$/);
  assert.match(failedError(api.context, { ...failed, why: undefined }).message, /no reason given$/);
  await api.destroy();
});
