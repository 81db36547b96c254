import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Model } from '../../../src/backends/model.js';
import { type Line, okLine, serveBatches } from '../../helpers/servers/batchServer.js';
import { codeOf, openKind } from '../../helpers/servers/scoreServer.js';

async function open(url: string, options: object = {}): Promise<Model> {
  return openKind('openaiBatch', url, { replicas: [`${url}/v1`], gatherMs: 10, pollMs: 5, ...options });
}

function ask(model: Model, seq: number): Promise<string> {
  const sampling = { n: 1, tokensMax: 8, temperature: 1, topP: 1, seed: seq };
  const message = { kind: 'user', text: `q${seq}` } as const;
  return model.complete({ seq, message, ...sampling }).then(([choice]) => choice!.text);
}

function askAll(model: Model, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, seq) => ask(model, seq)));
}

describe('openOpenaiBatch', () => {
  it('gathers requests into files, and settles each by its id, in whatever order the lines come', async () => {
    const server = await serveBatches((lines) => ({
      ...{ status: 'completed', output: lines.map(okLine).toReversed() },
    }));
    const model = await open(server.url, { requestsPerFileMax: 3 });
    assert.deepEqual(
      await askAll(model, 5),
      [0, 1, 2, 3, 4].map((seq) => `reply to q${seq}`),
    );
    // Two files are on their way at once: either may come first.
    assert.deepEqual(server.files.map((file) => file.split('\n').length).toSorted(), [2, 3]);
    assert.deepEqual(
      server.orders.map((order) => (order as { input_file_id: string }).input_file_id).toSorted(),
      ['file_0', 'file_1'],
    );
    assert.deepEqual(
      { ...server.orders[0], input_file_id: 'file_0' },
      {
        ...{ input_file_id: 'file_0', endpoint: '/v1/completions', completion_window: '24h' },
        metadata: { scalequest: 'batch-1', model: 'rm' },
      },
    );
    const first = JSON.parse(server.files[0]!.split('\n')[0]!) as Record<string, unknown>;
    assert.deepEqual([first['method'], first['url']], ['POST', '/v1/completions']);
    assert.match(String(first['custom_id']), /^[0-9a-f]{40}$/);
    const { requests, retries, promptTokens, inFlight, queued } = model.stats();
    assert.deepEqual([requests, retries, promptTokens, inFlight, queued], [5, 0, 15, 0, 0]);
  });

  it('asks again for what is missing, garbled, expired or failed by the server', async () => {
    const server = await serveBatches((lines, batch) => {
      if (batch > 0) return { status: 'completed', output: lines.map(okLine) };
      const expired = { code: 'batch_expired', message: 'not executed' };
      return {
        status: 'expired',
        output: [okLine(lines[0]!), `{"custom_id": "${lines[1]!.custom_id}", "resp`],
        error: [
          { custom_id: lines[2]!.custom_id, response: null, error: expired },
          {
            custom_id: lines[3]!.custom_id,
            response: { status_code: 500, body: { error: { message: 'boom' } } },
          },
        ],
      };
    });
    const model = await open(server.url);
    assert.deepEqual(
      await askAll(model, 5),
      [0, 1, 2, 3, 4].map((seq) => `reply to q${seq}`),
    );
    assert.equal(server.orders.length, 2);
    assert.equal(server.files[1]!.split('\n').length, 4);
    assert.equal(model.stats().retries, 4);
  });

  it('gives a row up that no file answers, and one that the server refuses', async () => {
    const server = await serveBatches((lines) => ({
      status: 'completed',
      error: [
        {
          custom_id: lines[0]!.custom_id,
          response: { status_code: 400, body: { error: { message: 'bad' } } },
        },
      ].slice(0, lines.length > 1 ? 1 : 0),
    }));
    const model = await open(server.url, { retriesMax: 1 });
    const [refused, lost] = await Promise.all([codeOf(ask(model, 0)), codeOf(ask(model, 1))]);
    assert.deepEqual([refused, lost], ['ROW_REFUSED', 'ROW_SERVER_ERROR']);
    assert.equal(server.orders.length, 2);
    assert.equal(model.stats().failures, 2);
  });

  for (const status of ['failed', 'cancelled']) {
    it(`ends the run when a batch is ${status}`, async () => {
      const errors = { data: [{ message: 'the model is unknown', line: 1 }] };
      const server = await serveBatches(() => ({ status, errors }));
      const model = await open(server.url);
      assert.equal(await codeOf(ask(model, 0)), 'ERR_MODEL_REFUSED');
    });
  }

  it('cancels its open batches when closed', async () => {
    const server = await serveBatches(() => null);
    const model = await open(server.url);
    const codes = [codeOf(ask(model, 0)), codeOf(ask(model, 1))];
    while (server.orders.length === 0) await delay(5);
    await delay(20);
    await model.close();
    assert.deepEqual(await Promise.all(codes), ['ERR_CANCELLED', 'ERR_CANCELLED']);
    assert.deepEqual(server.cancelled, ['batch_0']);
    assert.equal(await codeOf(ask(model, 2)), 'ERR_CANCELLED');
  });

  it('gives a row up by what became of it: expired, failed by the server, missing', async () => {
    const server = await serveBatches((lines) => ({
      status: 'expired',
      error: lines
        .filter(({ body }) => !body.prompt.includes('q2'))
        .map(({ custom_id, body }) => ({
          custom_id,
          response: null,
          error: body.prompt.includes('q0')
            ? { code: 'batch_expired' }
            : { code: 'x', message: 'GPU on fire' },
        })),
    }));
    const model = await open(server.url, { retriesMax: 1 });
    const codes = await Promise.all([0, 1, 2].map((seq) => codeOf(ask(model, seq))));
    // What an expired batch does not mention was not run either.
    assert.deepEqual(codes, ['ROW_TIMEOUT', 'ROW_SERVER_ERROR', 'ROW_TIMEOUT']);
    const { requests, retries, failures } = model.stats();
    assert.deepEqual([requests, retries, failures], [3, 3, 3]);
  });

  it('cancels a batch whose order was on its way when it was closed', async () => {
    const server = await serveBatches(() => null, { orderMs: 200 });
    const model = await open(server.url);
    const code = codeOf(ask(model, 0));
    while (server.files.length === 0) await delay(5);
    await delay(50);
    await model.close();
    assert.equal(await code, 'ERR_CANCELLED');
    assert.equal(server.orders.length, 1);
    assert.deepEqual(server.cancelled, ['batch_0']);
  });

  it('orders nothing after it was closed during the upload', async () => {
    const server = await serveBatches(() => null);
    const model = await open(server.url);
    const code = codeOf(ask(model, 0));
    while (server.files.length === 0) await delay(1);
    await model.close();
    assert.equal(await code, 'ERR_CANCELLED');
    await delay(50);
    assert.equal(server.orders.length, server.cancelled.length);
  });

  it('a later run takes over what an aborted one has ordered, and orders the rest', async () => {
    const server = await serveBatches((lines, batch) =>
      batch === 0 ? null : { status: 'completed', output: lines.map(okLine) },
    );
    const first = await open(server.url, { pollMs: 60_000 });
    const lost = [0, 1].map((seq) => codeOf(ask(first, seq)));
    while (server.orders.length === 0) await delay(5);
    // As after a crash: nobody cancels. The server goes on, and its batch ends with one reply missing.
    const lines = server.files[0]!.split('\n').map((line) => JSON.parse(line) as Line);
    server.ended[0] = { status: 'expired', output: [okLine(lines[0]!)] };
    const second = await open(server.url);
    assert.deepEqual(await askAll(second, 3), ['reply to q0', 'reply to q1', 'reply to q2']);
    assert.equal(server.orders.length, server.files.length);
    const ordered = server.files.slice(1).flatMap((file) => file.split('\n'));
    const prompts = ordered.map((line) => /q\d/.exec((JSON.parse(line) as Line).body.prompt)![0]);
    assert.deepEqual(prompts.toSorted(), ['q1', 'q2']);
    await first.close();
    assert.deepEqual(await Promise.all(lost), ['ERR_CANCELLED', 'ERR_CANCELLED']);
  });

  it('does without the list of batches where a server has none, and without those of other models', async () => {
    for (const options of [{ lists: false }, {}]) {
      const server = await serveBatches(
        (lines) => ({ status: 'completed', output: lines.map(okLine) }),
        options,
      );
      const other = await open(server.url, { model: 'another' });
      assert.equal(await ask(other, 0), 'reply to q0');
      const model = await open(server.url);
      assert.equal(await ask(model, 0), 'reply to q0');
      assert.equal(server.orders.length, 2);
    }
  });

  it('begins another file before one is too long to be read again by a later run', async () => {
    const server = await serveBatches((lines) => ({
      status: 'completed',
      output: lines.map(({ custom_id }) =>
        okLine({ custom_id, body: { prompt: 'user\nq<|im_end|>' } } as Line),
      ),
    }));
    const model = await open(server.url, { gatherMs: 200 });
    const text = 'x'.repeat(13 * 2 ** 20);
    const sampling = { n: 1, tokensMax: 8, temperature: 1, topP: 1 };
    const asked = [0, 1, 2, 3, 4].map((seq) =>
      model.complete({ seq, message: { kind: 'user', text: `${seq}${text}` }, ...sampling, seed: seq }),
    );
    await Promise.all(asked);
    // They are sent at once: either may be there first.
    const lines = server.files.map((file) => file.split('\n').length);
    assert.deepEqual(
      lines.sort((a, b) => b - a),
      [4, 1],
    );
    assert.ok(server.files.every((file) => file.length < 64 * 2 ** 20));
  });

  it('asks equal requests apart', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const model = await open(server.url);
    assert.deepEqual(await Promise.all([ask(model, 7), ask(model, 7)]), ['reply to q7', 'reply to q7']);
    const ids = server.files[0]!.split('\n').map((line) => (JSON.parse(line) as Line).custom_id);
    assert.equal(new Set(ids).size, 2);
  });
});
