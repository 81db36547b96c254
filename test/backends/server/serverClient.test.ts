import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { createSharedPools } from '../../../src/backends/pool/sharedPools.js';
import { type ReplyContext, parseReply } from '../../../src/backends/server/readServerReply.js';
import { type ServerClient, createServerClient } from '../../../src/backends/server/serverClient.js';
import { systemClock } from '../../../src/clock.js';
import type { HttpReply } from '../../../src/backends/http/httpClient.js';
import { z } from 'zod';
import {
  type Answer,
  type FaultServer,
  sendJson,
  startFaultServer,
} from '../../helpers/servers/faultServer.js';

const SPEAKS = { protocol: 'the test protocol', base: 'its base' };

async function serve(t: TestContext, answer: Answer): Promise<FaultServer> {
  const server = await startFaultServer(answer);
  t.after(() => server.stop());
  return server;
}

async function open(t: TestContext, servers: FaultServer[], changes: object = {}): Promise<ServerClient> {
  const options = {
    ...{ replicas: servers.map(({ url }) => url), model: 'n', apiKeyEnv: 'KEY', slots: 4 },
    ...{ requestsInFlightMax: 8, timeoutMs: 2000, retriesMax: 2, unreachableMs: 500, ...changes },
  };
  const deps = { env: { KEY: 'sk-client-0123' }, clock: systemClock, random: () => 0 };
  const client = await createServerClient('m', options, SPEAKS, deps);
  t.after(() => client.close());
  return client;
}

const schema = z.object({ value: z.number() });

function read(reply: HttpReply, context: ReplyContext) {
  const { value } = parseReply(reply, schema, 'value', context);
  return { value, promptTokens: 3, completionTokens: 2 };
}

const send = (client: ServerClient, seq = 0, body: unknown = { seq }): Promise<number> =>
  client.send(seq, '/ask', body, read).then(({ value }) => value);

describe('createServerClient', () => {
  it('posts to the path with the key, and adds up what replies cost', async (t) => {
    const server = await serve(t, (_seen, response) => sendJson(response, 200, { value: 7 }));
    const client = await open(t, [server]);
    assert.equal(await send(client), 7);
    const [seen] = server.seen;
    assert.equal(seen!.path, '/v1/ask');
    assert.equal(seen!.headers.authorization, 'Bearer sk-client-0123');
    const { serverS, durations, ...stats } = client.stats();
    assert.ok(serverS! > 0 && serverS! < 60, `${serverS} s`);
    assert.ok(durations!.sumS > 0 && durations!.sumS <= serverS!, `${durations!.sumS} s`);
    assert.deepEqual(stats, {
      ...{
        requests: 1,
        retries: 0,
        failures: 0,
        inFlight: 0,
        queued: 0,
        promptTokens: 3,
        completionTokens: 2,
      },
      ...{ memoryPeakBytes: 0, trouble: undefined },
      replicas: [
        {
          ...{ url: server.url, state: 'closed', limit: 5, outstanding: 0 },
          ...{ inFlight: 0, requests: 1, failures: 0, promptTokens: 3, completionTokens: 2 },
        },
      ],
    });
    assert.equal(client.label, `model m (n at ${server.url})`);
  });

  it('says in the record of a call who answered, after how many tries, and what that cost', async (t) => {
    let answers = 0;
    const server = await serve(t, (_seen, response) => {
      answers += 1;
      if (answers < 3) return sendJson(response, 500, { error: { message: 'sick' } });
      sendJson(response, 200, { value: 1 });
    });
    const client = await open(t, [server], { retriesMax: 5 });
    const record = { tries: 0, promptTokens: 0, completionTokens: 0, isStoreHit: false };
    await client.send(0, '/ask', {}, read, { record });
    const expected = { tries: 3, promptTokens: 3, completionTokens: 2, isStoreHit: false };
    assert.deepEqual(record, { ...expected, replica: server.url });
  });

  it('writes the body anew for each try, and tells the trouble until a call is answered', async (t) => {
    let isSick = true;
    const server = await serve(t, (_seen, response) => {
      if (isSick) return sendJson(response, 500, { error: { message: 'sick' } });
      sendJson(response, 200, { value: 1 });
    });
    const client = await open(t, [server], { retriesMax: 50 });
    let written = 0;
    const body = { toJSON: () => ({ written: ++written }) };
    const asked = send(client, 0, body);
    while ((client.stats().trouble ?? '') === '') await systemClock.sleep(5);
    assert.match(client.stats().trouble!, /answered 500: sick$/);
    isSick = false;
    await asked;
    assert.equal(client.stats().trouble, undefined);
    assert.deepEqual(
      server.seen.map((seen) => seen.body['written']),
      server.seen.map((_, at) => at + 1),
    );
    assert.equal(client.stats().retries, server.seen.length - 1);
  });

  it('waits as long as a service says, before it is refused and after', async (t) => {
    const atMs: number[] = [];
    const headers = [
      { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '400ms' },
      { 'retry-after-ms': '300', 'retry-after': '60', 'x-ratelimit-remaining-requests': '0' },
      { 'anthropic-ratelimit-tokens-remaining': '1', 'anthropic-ratelimit-tokens-reset': '0' },
    ];
    const server = await serve(t, ({ index }, response) => {
      atMs.push(performance.now());
      const said = headers[index] ?? {};
      sendJson(response, index === 1 ? 429 : 200, { value: index }, said);
    });
    const client = await open(t, [server]);
    await send(client, 0);
    const first = send(client, 1);
    while (server.seen.length < 2) await systemClock.sleep(5);
    await systemClock.sleep(50);
    // Calls of other rows wait too, and none of them comes as a probe.
    await Promise.all([first, send(client, 2)]);
    const [firstAt, refusedAt, nextAt, lastAt] = atMs.map(Math.ceil) as [number, number, number, number];
    assert.ok(refusedAt - firstAt >= 395, `${refusedAt - firstAt} ms after the first reply`);
    assert.ok(nextAt - refusedAt >= 295, `${nextAt - refusedAt} ms after the refusal`);
    assert.ok(lastAt - refusedAt < 30_000, 'not the minute that the other header says');
  });

  it('keeps all models of one name within the limits that they have in common', async (t) => {
    const server = await serve(t, (_seen, response) => sendJson(response, 200, { value: 1 }));
    const pools = createSharedPools();
    const limits = { requestsPerMinute: 600 };
    const deps = { env: { KEY: 'sk-client-0123' }, clock: systemClock, random: () => 0, pools };
    const options = {
      ...{ replicas: [server.url], model: 'n', apiKeyEnv: 'KEY', requestsInFlightMax: 8 },
      ...{ timeoutMs: 2000, retriesMax: 2, unreachableMs: 500, ...limits },
    };
    const clients = await Promise.all(
      ['judge', 'solver'].map((name) => createServerClient(name, options, SPEAKS, deps)),
    );
    t.after(() => Promise.all(clients.map((client) => client.close())));
    const startedMs = performance.now();
    await Promise.all([0, 1, 2, 3, 4, 5].map((seq) => send(clients[seq % 2]!, seq)));
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= 495, `six requests took ${tookMs} ms, expected five gaps of 100 ms`);
  });

  it('counts a call that is lost, and a row that is refused', async (t) => {
    const server = await serve(t, ({ body }, response) =>
      sendJson(response, body['seq'] === 0 ? 500 : 400, {}),
    );
    const client = await open(t, [server]);
    await assert.rejects(send(client, 0), { code: 'ROW_SERVER_ERROR', message: /after 3 tries$/ });
    await assert.rejects(send(client, 1), { code: 'ROW_REFUSED' });
    const { failures, retries } = client.stats();
    assert.deepEqual([failures, retries], [2, 2]);
  });

  it('fails over from a dead replica without charging a try', async (t) => {
    const [dead, alive] = [
      await startFaultServer(() => undefined),
      await serve(t, (_seen, response) => sendJson(response, 200, { value: 1 })),
    ];
    await dead.stop();
    const client = await open(t, [dead, alive], { retriesMax: 0 });
    assert.deepEqual(await Promise.all([0, 1, 2, 3].map((seq) => send(client, seq))), [1, 1, 1, 1]);
    assert.equal(client.stats().retries, 0);
  });

  it('closing rejects what is open with ERR_CANCELLED, counts no failure, and leaves other roles alone', async (t) => {
    const server = await serve(t, ({ body }, response) => {
      if (body['seq'] === 1) sendJson(response, 200, { value: 1 });
    });
    const pools = createSharedPools();
    const options = {
      ...{ replicas: [server.url], model: 'n', slots: 4, requestsInFlightMax: 8 },
      ...{ timeoutMs: 60_000, retriesMax: 0, unreachableMs: 500 },
    };
    const deps = { env: {}, clock: systemClock, random: () => 0, pools };
    const [one, two] = await Promise.all(
      ['a', 'b'].map((name) => createServerClient(name, options, SPEAKS, deps)),
    );
    const hanging = assert.rejects(send(one!, 0), { code: 'ERR_CANCELLED' });
    while (server.seen.length === 0) await systemClock.sleep(5);
    await one!.close();
    await hanging;
    assert.equal(one!.stats().failures, 0);
    assert.equal(await send(two!, 1), 1);
    await two!.close();
  });

  it('does not open without the key that it names', async () => {
    const options = {
      ...{ replicas: ['http://127.0.0.1:9/v1'], model: 'n', apiKeyEnv: 'KEY', requestsInFlightMax: 1 },
      ...{ timeoutMs: 1, retriesMax: 0, unreachableMs: 0 },
    };
    const opening = createServerClient('m', options, SPEAKS, {
      env: {},
      clock: systemClock,
      random: () => 0,
    });
    await assert.rejects(opening, { code: 'ERR_MODEL_LOAD', message: /KEY/ });
  });
});
