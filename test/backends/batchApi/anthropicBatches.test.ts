import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { anthropicBatches } from '../../../src/backends/batchApi/anthropicBatches.js';
import { type BatchApi, type Result, createBatchApi } from '../../../src/backends/batchApi/batchApi.js';
import { type Clock, systemClock } from '../../../src/clock.js';
import {
  KEY,
  type MessageBatchOptions,
  errored,
  refuse,
  serveMessageBatches,
  succeeded,
} from '../../helpers/servers/messageBatchServer.js';

const ID = anthropicBatches.idPrefix;
const REQUESTS = ['a', 'b'].map((name) => ({ id: ID + name, body: body(name) }));

function body(content: string): string {
  return JSON.stringify({ model: 'm', max_tokens: 8, messages: [{ role: 'user', content }] });
}

function openApi(
  url: string,
  changes: { waitForRunning?: boolean; retriesMax?: number } = {},
  clock: Clock = systemClock,
): BatchApi {
  const options = {
    ...{ replicas: [`${url}/v1`], model: 'm', apiKeyEnv: 'BATCH_KEY', pollMs: 1 },
    ...{ timeoutMs: 5000, retriesMax: 1, unreachableMs: 0 },
    ...changes,
  };
  const deps = { env: { BATCH_KEY: KEY }, clock, random: () => 0 };
  return createBatchApi('solver', options, anthropicBatches, deps, new AbortController().signal);
}

async function serve(t: TestContext, options: Partial<MessageBatchOptions> = {}) {
  return serveMessageBatches(t, { end: (items) => items.map(succeeded), ...options });
}

const kindOf = (result: Result | undefined): string =>
  result?.kind === 'reply' ? String(result.status) : (result?.kind ?? 'missing');

describe('anthropicBatches', () => {
  it('orders requests by their ids, and reads results in any order, under an address of its own', async (t) => {
    const server = await serve(t, { end: (items) => items.map(succeeded).toReversed() });
    const api = openApi(server.url);
    const ordered = await api.submit(REQUESTS, '/v1/messages');
    assert.equal(ordered.state, 'running');
    assert.deepEqual(
      server.batches[0]!.items,
      REQUESTS.map(({ id, body: text }) => ({ custom_id: id, params: JSON.parse(text) as object })),
    );
    const { batch, results } = await api.follow(ordered);
    assert.equal(batch.state, 'completed');
    assert.deepEqual([...results.keys()], [`${ID}b`, `${ID}a`]);
    assert.equal(kindOf(results.get(`${ID}a`)), '200');
    // Not at `results_url`, which could lead anywhere.
    assert.ok(server.asked.includes('GET /v1/messages/batches/msgbatch_0/results'));
    await api.destroy();
  });

  it('reads what became of a request as what it would be outside of a batch', () => {
    const item = { custom_id: 'x', params: { model: 'm', max_tokens: 1, messages: [] } };
    const kinds = [
      ...['invalid_request_error', 'authentication_error', 'billing_error', 'permission_error'],
      ...['not_found_error', 'request_too_large', 'rate_limit_error', 'api_error', 'timeout_error'],
      ...['overloaded_error', 'new_error', 'constructor'],
    ].map((type) => kindOf(anthropicBatches.readResult(errored(item, type, 'words'))));
    assert.deepEqual(kinds, [
      ...['400', '401', '402', '403', '404', '413', '429', '500', '504', '529', 'lost', 'lost'],
    ]);
    const lines = [
      { custom_id: 'x', result: { type: 'canceled' } },
      { custom_id: 'x', result: { type: 'expired' } },
      { custom_id: 'x', result: { type: 'errored' } },
      { custom_id: 'x', result: { type: 'paused' } },
      ...[{ custom_id: 7, result: { type: 'expired' } }, { custom_id: 'x' }, [], null],
    ].map((line) => kindOf(anthropicBatches.readResult(line)));
    assert.deepEqual(lines, [
      ...['cancelled', 'expired', 'lost', 'missing', 'missing', 'missing', 'missing', 'missing'],
    ]);
  });

  it('reads results again that are half written, and takes what there is when they stay so', async (t) => {
    const server = await serve(t, {
      sent: (text, { reads }) => (reads === 1 ? text.slice(0, text.indexOf('\n') + 20) : text),
    });
    const api = openApi(server.url);
    const whole = await api.follow(await api.submit(REQUESTS, '/v1/messages'));
    assert.deepEqual([whole.results.size, server.batches[0]!.reads], [2, 2]);
    await api.destroy();
    const cut = await serve(t, { sent: (text) => text.slice(0, -9) });
    const other = openApi(cut.url);
    const half = await other.follow(await other.submit(REQUESTS, '/v1/messages'));
    assert.deepEqual([[...half.results.keys()], cut.batches[0]!.reads], [[`${ID}a`], 3]);
    await other.destroy();
  });

  it('sends no order twice whose answer was lost', async (t) => {
    let isLost = false;
    const server = await serve(t, {
      fault(request, response, batches) {
        if (request.method !== 'POST' || isLost) return false;
        isLost = true;
        // It is taken, and a gateway says that it failed.
        const items = REQUESTS.map(({ id, body: text }) => ({
          ...{ custom_id: id, params: JSON.parse(text) as never },
        }));
        const kept = { items, polls: 0, lines: null, isCancelled: false, reads: 0 };
        const stranger = { ...kept, id: 'msgbatch_stranger', items: [items[0]!], createdMs: Date.now() };
        batches.push(stranger, { ...kept, id: 'msgbatch_taken', createdMs: Date.now() });
        refuse(response, 504, 'timeout_error', 'gateway');
        return true;
      },
    });
    const api = openApi(server.url);
    const ordered = await api.submit(REQUESTS, '/v1/messages');
    assert.equal(ordered.id, 'msgbatch_taken');
    assert.equal(server.batches.length, 2);
    assert.equal((await api.submit(REQUESTS, '/v1/messages')).id, 'msgbatch_2');
    await api.destroy();
  });

  it('finds what earlier runs were answered, waits for what runs, and says what it waits for', async (t) => {
    const server = await serve(t, {
      end: (items, batch) =>
        batch === 1 ? items.map((item) => errored(item, 'api_error', 'x')) : items.map(succeeded),
    });
    const killed = openApi(server.url);
    await killed.follow(await killed.submit(REQUESTS, '/v1/messages'));
    await killed.follow(await killed.submit(REQUESTS, '/v1/messages'));
    await killed.submit([{ id: `${ID}c`, body: body('c') }], '/v1/messages');
    await killed.submit([{ id: 'of-a-stranger', body: body('d') }], '/v1/messages');
    const api = openApi(server.url);
    const finding = api.earlier();
    while (api.trouble().trouble === undefined) await systemClock.sleep(1);
    assert.match(api.trouble().trouble!, /: msgbatch_3, msgbatch_2 ran before this run and may hold/);
    const found = await finding;
    assert.deepEqual(
      [...found].map(([id, job]) => [id, job.id]),
      [
        [`${ID}c`, 'msgbatch_2'],
        [`${ID}a`, 'msgbatch_0'],
        [`${ID}b`, 'msgbatch_0'],
      ],
    );
    assert.deepEqual(api.trouble(), {});
    await Promise.all([api.destroy(), killed.destroy()]);
  });

  for (const aheadMs of [0, 3_600_000, -3_600_000]) {
    it(`waits for what was ordered before it began, by a clock that is ${aheadMs} ms ahead`, async (t) => {
      // Time passes only here: on a busy machine an answer would come later than the clocks may differ.
      let nowMs = Date.UTC(2026, 0, 1, 0, 0, 0, 899);
      const clock = { ...systemClock, nowMs: () => nowMs };
      const server = await serve(t, { end: () => null, nowMs: () => nowMs + aheadMs });
      const [judge, solver] = [openApi(server.url, {}, clock), openApi(server.url, {}, clock)];
      nowMs += 1100;
      await solver.submit(REQUESTS, '/v1/messages');
      // Another model of the same run.
      assert.equal((await judge.earlier()).size, 0);
      const later = openApi(server.url, {}, clock);
      void later.earlier();
      while (later.trouble().trouble === undefined) await systemClock.sleep(1);
      const hurried = openApi(server.url, { waitForRunning: false }, clock);
      assert.equal((await hurried.earlier()).size, 0);
      await Promise.all([judge, solver, later, hurried].map((api) => api.destroy()));
    });
  }

  it('gives nothing earlier where there is no list, or a batch cannot be read', async (t) => {
    const server = await serve(t, {
      fault(request, response) {
        if (!request.url!.includes('?') && !request.url!.endsWith('/results')) return false;
        refuse(response, 404, 'not_found_error', 'gone');
        return true;
      },
    });
    const api = openApi(server.url);
    assert.equal((await api.earlier()).size, 0);
    await assert.rejects(api.probe(), { code: 'ERR_MODEL_REFUSED' });
    await api.destroy();
  });
});
