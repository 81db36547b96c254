import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { anthropicBatch } from '../../../src/backends/protocols/anthropicBatch.js';
import { systemClock } from '../../../src/clock.js';
import { ScaleQuestError } from '../../../src/errors.js';
import {
  KEY,
  type Item,
  type MessageBatchOptions,
  errored,
  refuse,
  serveMessageBatches,
  succeeded,
} from '../../helpers/servers/messageBatchServer.js';

async function open(t: TestContext, url: string, changes: object = {}, key = KEY): Promise<Model> {
  const options = { replicas: [url], model: 'claude-test', apiKeyEnv: 'TEST_KEY', gatherMs: 10, pollMs: 1 };
  const deps = { env: { TEST_KEY: key }, folder: '.', random: () => 0.002 };
  const model = await openModel('solver', { anthropicBatch: { ...options, ...changes } }, deps);
  t.after(() => model.close());
  return model;
}

function ask(model: Model, seq: number, n = 1): Promise<string[]> {
  const message = { kind: 'user', text: `q${seq}` } as const;
  const sampling = { n, tokensMax: 8, temperature: 0.7, topP: 1, seed: seq };
  return model.complete({ seq, message, ...sampling }).then((choices) => choices.map(({ text }) => text));
}

function askAll(model: Model, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, seq) => ask(model, seq).then(([text]) => text!)));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ScaleQuestError, String(error));
  assert.ok(!error.message.includes(KEY), 'the key leaked');
  return error.code;
}

async function serve(t: TestContext, options: Partial<MessageBatchOptions> = {}) {
  return serveMessageBatches(t, { end: (items) => items.map(succeeded), ...options });
}

const REPLIES = ['reply to q0', 'reply to q1', 'reply to q2', 'reply to q3', 'reply to q4', 'reply to q5'];
const is = ({ params }: Item, text: string): boolean => params.messages[0]!.content === text;

describe('openAnthropicBatch', () => {
  it('asks as the protocol anthropic does, in batches, each choice apart, and settles by ids', async (t) => {
    const server = await serve(t, { end: (items) => items.map(succeeded).toReversed() });
    const model = await open(t, server.url, { system: 'Be brief.', omitFields: ['temperature'] });
    assert.deepEqual(await askAll(model, 5), REPLIES.slice(0, 5));
    assert.deepEqual(server.batches[0]!.items[0]!.params, {
      ...{ model: 'claude-test', system: 'Be brief.', stream: false, max_tokens: 8 },
      messages: [{ role: 'user', content: 'q0' }],
    });
    assert.deepEqual(await ask(model, 7, 2), ['reply to q7', 'reply to q7']);
    const ids = server.batches[1]!.items.map(({ custom_id }) => custom_id);
    assert.match(ids[0]!, /^scalequest-1-[0-9a-f]{40}$/);
    assert.equal(ids[1], `${ids[0]}-1`);
    const { requests, retries, promptTokens, completionTokens, inFlight } = model.stats();
    assert.deepEqual([requests, retries, promptTokens, completionTokens, inFlight], [7, 0, 21, 14, 0]);
  });

  it('asks again for what expired, failed, or is missing, unreadable or of no known kind', async (t) => {
    const server = await serve(t, {
      end(items, batch) {
        if (batch > 0) return items.map(succeeded);
        const [good, expired, failed, busy, unknown] = items as [Item, Item, Item, Item, Item];
        return [
          errored(busy, 'overloaded_error', 'Overloaded'),
          { custom_id: expired.custom_id, result: { type: 'expired' } },
          `{"custom_id":"${items[5]!.custom_id}","resu`,
          { custom_id: unknown.custom_id, result: { type: 'paused' } },
          errored(failed, 'api_error', 'boom'),
          succeeded(good),
        ];
      },
    });
    const model = await open(t, server.url);
    assert.deepEqual(await askAll(model, 6), REPLIES);
    assert.deepEqual(
      server.batches.map(({ items }) => items.length),
      [6, 5],
    );
    assert.equal(model.stats().retries, 5);
  });

  it('rejects a row by what became of it, when its tries are used up', async (t) => {
    const server = await serve(t, {
      end: (items) =>
        items.flatMap((item) => {
          if (is(item, 'q0')) return succeeded(item);
          if (is(item, 'q1')) return { custom_id: item.custom_id, result: { type: 'expired' } };
          if (is(item, 'q2')) return errored(item, 'invalid_request_error', 'messages: bad');
          if (is(item, 'q3'))
            return errored(item, 'invalid_request_error', 'prompt is too long: 9 tokens > 8');
          return is(item, 'q4') ? errored(item, 'api_error', 'boom') : [];
        }),
    });
    const model = await open(t, server.url, { retriesMax: 1 });
    const [good, ...lost] = [0, 1, 2, 3, 4, 5].map((seq) => ask(model, seq));
    assert.deepEqual(await Promise.all(lost.map(codeOf)), [
      ...['ROW_TIMEOUT', 'ROW_REFUSED', 'ROW_PROMPT_TOO_LONG', 'ROW_SERVER_ERROR', 'ROW_SERVER_ERROR'],
    ]);
    assert.deepEqual(await good, ['reply to q0']);
    assert.equal(server.batches.length, 2);
    assert.equal(model.stats().failures, 5);
  });

  for (const [what, line] of [
    ['cancelled by another', (item: Item) => ({ custom_id: item.custom_id, result: { type: 'canceled' } })],
    ['without money', (item: Item) => errored(item, 'billing_error', 'Your credit balance is too low')],
    [
      'refused as a whole',
      (item: Item) => errored(item, 'invalid_request_error', 'temperature: not supported'),
    ],
  ] as const) {
    it(`ends the run when its batch is ${what}`, async (t) => {
      const server = await serve(t, { end: (items) => items.map(line) });
      const model = await open(t, server.url);
      const codes = await Promise.all([0, 1].map((seq) => codeOf(ask(model, seq))));
      assert.deepEqual(codes, ['ERR_MODEL_REFUSED', 'ERR_MODEL_REFUSED']);
    });
  }

  it('ends the run with a wrong key, and names its variable', async (t) => {
    const server = await serve(t);
    const model = await open(t, server.url, {}, 'sk-ant-other');
    await assert.rejects(ask(model, 0), { code: 'ERR_MODEL_REFUSED', message: /TEST_KEY/ });
    assert.equal(server.batches.length, 0);
  });

  it('waits out a service that is busy or broken while it is polled or read', async (t) => {
    const seen = new Map<string, number>();
    const server = await serve(t, {
      fault(request, response) {
        const path = request.url!.replace(/.*batches/, '');
        const count = (seen.get(path) ?? 0) + 1;
        seen.set(path, count);
        if (request.method === 'POST' || path.startsWith('?') || count > 2) return false;
        if (count === 1) refuse(response, 529, 'overloaded_error', 'Overloaded');
        else refuse(response, 500, 'api_error', 'Internal server error');
        return true;
      },
    });
    const model = await open(t, server.url);
    assert.deepEqual(await askAll(model, 2), REPLIES.slice(0, 2));
    assert.equal(server.batches.length, 1);
  });

  it('a later run waits for what a killed one has ordered, takes it over, and orders the rest', async (t) => {
    let isGoing = false;
    const server = await serve(t, {
      end: (items, batch) =>
        batch > 0 || isGoing ? items.slice(0, batch === 0 ? 1 : 9).map(succeeded) : null,
    });
    const killed = await open(t, server.url, { pollMs: 3_600_000 });
    const lost = [0, 1].map((seq) => codeOf(ask(killed, seq)));
    while (server.batches.length === 0) await systemClock.sleep(5);
    const model = await open(t, server.url);
    const asked = askAll(model, 3);
    while (model.stats().trouble === undefined) await systemClock.sleep(5);
    isGoing = true;
    assert.deepEqual(await asked, REPLIES.slice(0, 3));
    assert.deepEqual(
      server.batches.slice(1).flatMap(({ items }) => items.map(({ params }) => params.messages[0]!.content)),
      ['q1', 'q2'].toSorted(),
    );
    await killed.close();
    assert.deepEqual(await Promise.all(lost), ['ERR_CANCELLED', 'ERR_CANCELLED']);
  });

  it('cancels its open batches when it is closed', async (t) => {
    const server = await serve(t, { end: () => null });
    const model = await open(t, server.url);
    const code = codeOf(ask(model, 0));
    while (server.batches.length === 0) await systemClock.sleep(5);
    await systemClock.sleep(20);
    await model.close();
    assert.equal(await code, 'ERR_CANCELLED');
    assert.deepEqual(
      server.batches.map(({ isCancelled }) => isCancelled),
      [true],
    );
  });

  it('has replies of its own in the store, decided by what the requests say', () => {
    const parsed = anthropicBatch.options.parse({ replicas: ['http://h'], model: 'm' });
    const other = anthropicBatch.options.parse({ replicas: ['http://other'], model: 'm', pollMs: 7 });
    assert.deepEqual(anthropicBatch.describe(parsed).identity, anthropicBatch.describe(other).identity);
    assert.equal(
      anthropicBatch.options.safeParse({ replicas: ['http://a', 'http://b'], model: 'm' }).success,
      false,
    );
    assert.equal(
      anthropicBatch.options.safeParse({ replicas: ['http://a/v1/messages/batches'], model: 'm' }).success,
      false,
    );
  });
});
