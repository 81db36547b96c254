import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BatchOptions, createBatchClient } from '../../../src/backends/batchApi/batchClient.js';
import { openaiBatches } from '../../../src/backends/batchApi/openaiBatches.js';
import type { ServerClient } from '../../../src/backends/server/serverClient.js';
import { systemClock } from '../../../src/clock.js';
import { type Line, okLine, serveBatches } from '../../helpers/servers/batchServer.js';

function open(url: string, changes: Partial<BatchOptions> = {}): ServerClient {
  const options = {
    ...{ replicas: [`${url}/v1`], model: 'm', pollMs: 1, timeoutMs: 5000, retriesMax: 1, unreachableMs: 0 },
    ...{ requestsPerBatchMax: 100, gatherMs: 5 },
    ...changes,
  };
  return createBatchClient('writer', options, openaiBatches, {
    env: {},
    clock: systemClock,
    random: () => 0,
  });
}

/** The text of the reply. */
function ask(client: ServerClient, seq: number, prompt = `q${seq}`): Promise<string> {
  const body = { prompt: `user\n${prompt}<|im_end|>` };
  const read = ({ text }: { text: string }) => {
    const { choices, usage } = JSON.parse(text) as {
      choices: { text: string }[];
      usage: { prompt_tokens: number; completion_tokens: number };
    };
    return {
      text: choices[0]!.text,
      ...{ promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens },
    };
  };
  return client.send(seq, '/completions', body, read).then(({ text }) => text);
}

const promptsOf = (file: string): string[] => file.split('\n').map((line) => /user\\n(\w+)/.exec(line)![1]!);

describe('createBatchClient', () => {
  it('sends a full file at once, and the oldest rows first in it', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const client = open(server.url, { requestsPerBatchMax: 3, gatherMs: 60_000 });
    const texts = await Promise.all([9, 4, 7].map((seq) => ask(client, seq)));
    assert.deepEqual(texts, ['reply to q9', 'reply to q4', 'reply to q7']);
    assert.deepEqual(promptsOf(server.files[0]!), ['q4', 'q7', 'q9']);
    await client.close();
  });

  it('sends what has gathered when no call came for a while', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const client = open(server.url);
    await Promise.all([ask(client, 0), ask(client, 1)]);
    assert.equal(server.files.length, 1);
    await ask(client, 2);
    assert.equal(server.files.length, 2);
    assert.deepEqual(client.stats(), {
      ...{ requests: 3, retries: 0, failures: 0, promptTokens: 9, completionTokens: 6 },
      ...{ inFlight: 0, queued: 0, memoryPeakBytes: 0 },
    });
    await client.close();
  });

  it('gives equal calls that are open together ids of their own', async () => {
    const server = await serveBatches((lines) => ({ status: 'completed', output: lines.map(okLine) }));
    const client = open(server.url);
    await Promise.all([ask(client, 0, 'same'), ask(client, 1, 'same')]);
    const ids = server.files[0]!.split('\n').map((line) => (JSON.parse(line) as Line).custom_id);
    assert.equal(ids[1], `${ids[0]}-1`);
    await client.close();
  });

  it('orders a lost request again, as often as it may, and loses its row then', async () => {
    const server = await serveBatches((lines) => ({
      status: 'completed',
      output: lines.filter(({ body }) => !body.prompt.includes('q1')).map(okLine),
    }));
    const client = open(server.url);
    const [good, lost] = await Promise.allSettled([ask(client, 0), ask(client, 1)]);
    assert.equal(good.status, 'fulfilled');
    assert.ok(lost.status === 'rejected');
    assert.equal((lost.reason as { code: string }).code, 'ROW_SERVER_ERROR');
    assert.match(
      (lost.reason as Error).message,
      /is missing from the results of batch batch_1, in 2 batches$/,
    );
    assert.deepEqual(
      server.files.map((file) => promptsOf(file).length),
      [2, 1],
    );
    const { retries, failures } = client.stats();
    assert.deepEqual([retries, failures], [1, 1]);
    await client.close();
  });

  it('ends all calls of a batch that failed', async () => {
    const server = await serveBatches(() => ({
      status: 'failed',
      errors: { data: [{ message: 'no quota' }] },
    }));
    const client = open(server.url);
    const outcomes = await Promise.allSettled([ask(client, 0), ask(client, 1)]);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'rejected');
      assert.equal((outcome.reason as { code: string }).code, 'ERR_MODEL_REFUSED');
    }
    await client.close();
  });

  it('closing cancels what is ordered, rejects what is open, and counts no failure', async () => {
    const server = await serveBatches(() => null);
    const client = open(server.url);
    const asked = assert.rejects(ask(client, 0), { code: 'ERR_CANCELLED' });
    while (server.orders.length === 0) await systemClock.sleep(5);
    await systemClock.sleep(20);
    await client.close();
    await asked;
    assert.deepEqual(server.cancelled, ['batch_0']);
    assert.equal(client.stats().failures, 0);
    await assert.rejects(ask(client, 1), { code: 'ERR_CANCELLED' });
  });
});
