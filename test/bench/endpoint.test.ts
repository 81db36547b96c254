import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Agent, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { idealMakespanMs } from '../../bench/endpoint/ideal.js';
import type { EndpointOptions } from '../../bench/endpoint/options.js';
import { type RunningEndpoint, startEndpoint } from '../../bench/endpoint/start.js';
import { occupancyBetween } from '../../bench/endpoint/stats.js';

type Json = Record<string, any>;

const TEN_TOKENS = { meanTokens: 10, sigma: 0, capTokens: 10 };
const FOREVER = { meanTokens: 1e6, sigma: 0, capTokens: 1e6 };
const JUDGE = 'End with Yes if it can be solved or No if it cannot.';

async function start(t: TestContext, options: Partial<EndpointOptions> = {}): Promise<RunningEndpoint> {
  const endpoint = await startEndpoint(options);
  t.after(() => endpoint.close());
  return endpoint;
}

async function post(
  { url }: { url: string },
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const text = JSON.stringify(body);
  return fetch(url + path, { method: 'POST', headers, body: text, ...(signal ? { signal } : {}) });
}

async function replyTo(endpoint: RunningEndpoint, path: string, body: object): Promise<Json> {
  const reply = await post(endpoint, path, body);
  assert.equal(reply.status, 200);
  return (await reply.json()) as Json;
}

function complete(endpoint: RunningEndpoint, more: object = {}, signal?: AbortSignal): Promise<Response> {
  return post(
    endpoint,
    '/v1/completions',
    { prompt: 'Add 2 and 3.', max_tokens: 2000, seed: 1, ...more },
    signal,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 5000;
  while (!(await condition())) {
    assert.ok(Date.now() < endMs, 'waited for 5 s');
    await delay(10);
  }
}

test('completions: n, seed, usage, texts as deterministic as their requests', async (t) => {
  const [one, other] = await Promise.all([start(t, { timeScale: 0 }), start(t, { timeScale: 0 })]);
  const body = { prompt: 'Add 2 and 3.', max_tokens: 4096, n: 4, seed: 7, model: 'm' };
  const { choices, usage, model } = await replyTo(one, '/v1/completions', body);
  assert.equal(model, 'm');
  assert.equal(new Set(choices.map(({ text }: Json) => text)).size, 4);
  assert.ok(choices.every((choice: Json) => /\\boxed\{\d+\}\.$/.test(choice['text'])));
  const words = choices.flatMap(({ text }: Json) => text.split(/\s+/)).length;
  assert.deepEqual(usage, { prompt_tokens: 3, completion_tokens: words, total_tokens: 3 + words });
  assert.deepEqual((await replyTo(other, '/v1/completions', body))['choices'], choices);
  const reseeded = await replyTo(other, '/v1/completions', { ...body, seed: 8 });
  assert.notDeepEqual(reseeded['choices'], choices);

  const cut = await replyTo(one, '/v1/completions', { ...body, n: 1, max_tokens: 5 });
  assert.equal(cut['choices'][0].finish_reason, 'length');
  assert.equal(cut['usage'].completion_tokens, 5);
  const stopped = await replyTo(one, '/v1/completions', { ...body, n: 1, stop: ['. ', '<|im_end|>'] });
  assert.equal(stopped['choices'][0].finish_reason, 'stop');
  assert.doesNotMatch(stopped['choices'][0].text, /\. /);

  const judged = await replyTo(one, '/v1/completions', { ...body, prompt: JUDGE });
  assert.ok(judged['choices'].every((choice: Json) => /\n(Yes|No)$/.test(choice['text'])));
  const asked = await replyTo(one, '/v1/completions', {
    ...body,
    prompt: '<|im_start|>user\n',
    max_tokens: 4096,
  });
  assert.match(asked['choices'][0].text, /\?$/);
  assert.equal((await post(one, '/v1/completions', { ...body, temperature: 0 })).status, 400);
});

test('chat, and log-probabilities of the first token in both shapes', async (t) => {
  const endpoint = await start(t, { timeScale: 0 });
  const chat = (content: string, more: object): Promise<Json> => {
    const messages = [{ role: 'user', content }];
    return replyTo(endpoint, '/v1/chat/completions', { messages, seed: 1, ...more });
  };
  const { choices, object } = await chat('Add 2 and 3.', { n: 3, max_completion_tokens: 4096 });
  assert.equal(object, 'chat.completion');
  assert.deepEqual(
    choices.map(({ index, finish_reason }: Json) => [index, finish_reason]),
    [0, 1, 2].map((index) => [index, 'stop']),
  );
  assert.match(choices[0].message.content, /\\boxed\{\d+\}\.$/);

  const first = { max_tokens: 1, temperature: 1 };
  const listed = await chat(JUDGE, { ...first, logprobs: true, top_logprobs: 20 });
  const { content } = listed['choices'][0].logprobs;
  assert.equal(content.length, 1);
  assert.equal(content[0].top_logprobs.length, 20);
  assert.equal(listed['choices'][0].message.content, content[0].token);
  const body = { ...first, prompt: JUDGE, logprobs: 20 };
  const recorded = (await replyTo(endpoint, '/v1/completions', body))['choices'][0].logprobs.top_logprobs[0];
  assert.deepEqual(
    Object.fromEntries(content[0].top_logprobs.map(({ token, logprob }: Json) => [token, logprob])),
    recorded,
  );
  assert.ok(Math.abs(Math.exp(recorded.Yes) + Math.exp(recorded.No) - 0.93) < 0.001);
  const digits = await replyTo(endpoint, '/v1/completions', { ...body, prompt: 'How hard is it?' });
  const record = digits['choices'][0].logprobs.top_logprobs[0] as Record<string, number>;
  const mass = [...'0123456789'].reduce((sum, digit) => sum + Math.exp(record[digit]!), 0);
  assert.ok(Math.abs(mass - 0.93) < 0.001, `${mass}`);
});

test('scores: pooling, classify, score and embeddings', async (t) => {
  const [endpoint, sglang] = await Promise.all([
    start(t, { timeScale: 0, pooling: 'tokens' }),
    start(t, { timeScale: 0, classify: 'sglang' }),
  ]);
  const input = ['one text', 'another text'];
  const single = await replyTo(sglang, '/pooling', { input });
  const byToken = await replyTo(endpoint, '/pooling', { input });
  assert.deepEqual(
    single['data'].map(({ data }: Json) => data.length),
    [1, 1],
  );
  assert.deepEqual(byToken['data'][0].data.at(-1), single['data'][0].data);
  assert.equal(byToken['data'][0].data.length, byToken['usage'].prompt_tokens - 3);
  const messages = [{ role: 'user', content: 'one text' }];
  assert.deepEqual((await replyTo(sglang, '/pooling', { messages }))['data'], [single['data'][0]]);

  const classes = await replyTo(endpoint, '/classify', { input });
  assert.equal(classes['data'].length, 2);
  assert.equal(classes['data'][0].probs.length, classes['data'][0].num_classes);
  const rewards = (await replyTo(sglang, '/classify', { text: input })) as Json[];
  assert.deepEqual(
    rewards.map(({ embedding }) => embedding),
    single['data'].map(({ data }: Json) => data),
  );
  assert.equal((await replyTo(sglang, '/classify', { text: 'one text' }))['embedding'].length, 1);

  const scored = await replyTo(endpoint, '/score', { text_1: 'q', text_2: input });
  assert.deepEqual(
    (await replyTo(endpoint, '/v1/score', { text_1: ['q', 'q'], text_2: input }))['data'],
    scored['data'],
  );
  const embedded = await replyTo(endpoint, '/v1/embeddings', { input: 'one text' });
  assert.equal(embedded['data'][0].embedding.length, 16);
  assert.equal((await replyTo(endpoint, '/tokenize', { prompt: 'one text' }))['count'], 2);
  const models = (await (await fetch(`${endpoint.url}/v1/models`)).json()) as Json;
  assert.equal(models['data'][0].id, 'simulated');
  assert.equal((await fetch(`${endpoint.url}/health`)).status, 200);
  assert.equal((await fetch(`${endpoint.url}/nothing`)).status, 404);
});

test('a real run takes the ideal makespan, and its slots are busy', async (t) => {
  // In real time: what a busy machine stalls weighs less in a run that takes longer.
  for (const timeScale of [4, 2, 1]) {
    try {
      return await checkRealRun(t, timeScale);
    } catch (error) {
      if (timeScale === 1) throw error;
      t.diagnostic(`at ${timeScale} times the speed: ${(error as Error).message}`);
    }
  }
});

async function checkRealRun(t: TestContext, timeScale: number): Promise<void> {
  const lengths = { meanTokens: 100, sigma: 0.9, capTokens: 300 };
  const endpoint = await start(t, { slots: 8, timeScale, lengths, bucketMs: 100 });
  await complete(endpoint, { max_tokens: 1 });
  const { nowMs: fromMs } = await endpoint.stats();
  await Promise.all(
    Array.from({ length: 80 }, (_, seed) => complete(endpoint, { seed }).then((r) => r.text())),
  );
  const stats = await endpoint.stats();
  const jobs = (await endpoint.jobs()).slice(1);
  assert.equal(jobs.length, 80);
  const idealMs = idealMakespanMs(jobs, { slots: 8 }) / timeScale;
  const tookMs = stats.nowMs - fromMs;
  t.diagnostic(`ideal ${idealMs.toFixed(0)} ms, took ${tookMs.toFixed(0)} ms`);
  assert.ok(tookMs > idealMs * 0.95 && tookMs < idealMs * 1.5 + 500);
  const middle = occupancyBetween(stats, fromMs + idealMs * 0.2, fromMs + idealMs * 0.6);
  t.diagnostic(`occupancy in the middle ${middle.toFixed(3)}`);
  assert.ok(middle > 0.9 && middle <= 1.01);
  assert.ok(stats.sequences.waitingMost > 30);
  assert.ok(stats.requests.inFlightMost > 60);
  const reply = await fetch(`${endpoint.url}/stats?from=${fromMs}&to=${fromMs + idealMs * 0.6}`);
  assert.ok(((await reply.json()) as Json)['occupancy'] > 0.8);
}

test('a client that leaves frees its slot', async (t) => {
  const endpoint = await start(t, { slots: 1, lengths: FOREVER });
  const leaving = new AbortController();
  const left = complete(endpoint, { max_tokens: 1e6 }, leaving.signal);
  await until(async () => (await endpoint.stats()).requests.inFlight === 1);
  const next = complete(endpoint, { max_tokens: 3 });
  await until(async () => (await endpoint.stats()).requests.inFlight === 2);
  leaving.abort();
  await assert.rejects(left, { name: 'AbortError' });
  assert.equal((await next).status, 200);
  const { requests, sequences, tokens } = await endpoint.stats();
  assert.deepEqual([requests.aborted, requests.inFlight, sequences.aborted], [1, 0, 1]);
  assert.deepEqual(requests.byStatus, { 200: 1 });
  assert.equal(tokens.made, 3);
});

test('faults by share: 500, reset, half closed, truncated, too few choices, silence', async (t) => {
  const endpoint = await start(t, { timeScale: 0, lengths: TEN_TOKENS });
  const only = {
    ...{ error500: 0, reset: 0, halfClosed: 0, closedAfter: 0, truncated: 0, wrongChoices: 0, hang: 0 },
  };
  await endpoint.control({ shares: { ...only, error500: 1 } });
  assert.equal((await complete(endpoint)).status, 500);
  await endpoint.control({ shares: { ...only, reset: 1 } });
  await assert.rejects(async () => (await complete(endpoint)).text());
  await endpoint.control({ shares: { ...only, halfClosed: 1 } });
  await assert.rejects(async () => (await complete(endpoint)).text());
  await endpoint.control({ shares: { ...only, closedAfter: 1 } });
  assert.equal((await complete(endpoint)).status, 200);
  await endpoint.control({ shares: { ...only, truncated: 1 } });
  const truncated = await (await complete(endpoint)).text();
  assert.throws(() => JSON.parse(truncated), SyntaxError);
  await endpoint.control({ shares: { ...only, wrongChoices: 1 } });
  assert.equal(((await (await complete(endpoint, { n: 3 })).json()) as Json)['choices'].length, 2);
  await endpoint.control({ shares: { ...only, hang: 1 } });
  await assert.rejects(complete(endpoint, {}, AbortSignal.timeout(200)), { name: 'TimeoutError' });
  await endpoint.control({ shares: only });
  assert.equal((await complete(endpoint)).status, 200);
  await until(async () => (await endpoint.stats()).requests.aborted === 1);
  const { faults, requests } = await endpoint.stats();
  const each = { ...only, storm429: 0 };
  assert.deepEqual(
    faults,
    Object.fromEntries(Object.keys(each).map((fault) => [fault, fault === 'storm429' ? 0 : 1])),
  );
  assert.deepEqual(requests.byStatus, { 200: 4, 500: 1, reset: 1, halfClosed: 1 });
  await assert.rejects(endpoint.control({ shares: { typo: 1 } } as object), /unknown share typo/);
});

test('which requests are hit is a function of seed and number, or of body and try', async (t) => {
  async function hits(faultsBy: 'number' | 'body', order: readonly number[]): Promise<string> {
    const endpoint = await start(t, { timeScale: 0, lengths: TEN_TOKENS, faultsBy });
    await endpoint.control({ shares: { error500: 0.4 } });
    const statuses: [number, number][] = [];
    for (const seed of order) statuses.push([seed, (await complete(endpoint, { seed })).status]);
    const sorted = faultsBy === 'body' ? statuses.sort(([a], [b]) => a - b) : statuses;
    return sorted.map(([, status]) => status).join(' ');
  }
  const upwards = Array.from({ length: 30 }, (_, at) => at);
  const first = await hits('number', upwards);
  assert.ok(first.includes('500') && first.includes('200'));
  assert.equal(await hits('number', upwards.toReversed()), first);
  assert.equal(await hits('body', upwards), await hits('body', upwards.toReversed()));
});

test('a storm of 429 for a while, a full queue, a slow server', async (t) => {
  const endpoint = await start(t, { slots: 1, lengths: TEN_TOKENS, queuedMax: 1 });
  const storm = await post(endpoint, '/control', { storm: { forMs: 300, retryAfterS: 2 } });
  assert.deepEqual(await storm.json(), { ok: true });
  const refused = await complete(endpoint);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '2']);
  await until(async () => (await complete(endpoint)).status === 200);
  await endpoint.control({ storm: { forMs: 300 } });
  const bare = await complete(endpoint);
  assert.deepEqual([bare.status, bare.headers.get('retry-after')], [429, null]);
  await until(async () => (await complete(endpoint)).status === 200);

  await endpoint.control({ slowFactor: 10 });
  const startMs = performance.now();
  const slow = complete(endpoint);
  await until(async () => (await endpoint.stats()).requests.inFlight === 1);
  assert.equal((await complete(endpoint)).status, 503);
  assert.equal((await slow).status, 200);
  // 10 steps of 40.3 ms.
  assert.ok(performance.now() - startMs > 390);
  await endpoint.control({ slowFactor: 1, slots: 2, latencyMs: 100 });
  assert.equal((await post(endpoint, '/control', { slot: 2 })).status, 400);
});

test('dies and returns on its port', async (t) => {
  const endpoint = await start(t, { slots: 1, lengths: FOREVER });
  const lost = assert.rejects(complete(endpoint, { max_tokens: 1e6 }));
  await until(async () => (await endpoint.stats()).requests.inFlight === 1);
  await endpoint.control({ die: { returnAfterMs: 300 } });
  await lost;
  await assert.rejects(complete(endpoint, { max_tokens: 2 }));
  await until(async () => (await complete(endpoint, { max_tokens: 2 }).catch(() => null))?.status === 200);
  assert.equal((await post(endpoint, '/control', { die: {} })).status, 200);
  await until(async () => (await endpoint.stats()).deaths === 2);
  await delay(100);
  await assert.rejects(complete(endpoint, { max_tokens: 2 }));
  await endpoint.control({ revive: true });
  await until(async () => (await complete(endpoint, { max_tokens: 2 }).catch(() => null))?.status === 200);
  const { requests } = await endpoint.stats();
  assert.deepEqual(requests.byStatus, { 200: 2, died: 1 });
});

test('metrics: the truth with a lag, lies, other names, none', async (t) => {
  const options = { slots: 2, lengths: FOREVER, metricsLagMs: 600, kvTokensMax: 1e7 };
  const endpoint = await start(t, options);
  const [sglang, llamacpp] = await Promise.all([
    start(t, { metricsFlavour: 'sglang' }),
    start(t, { metricsFlavour: 'llamacpp' }),
  ]);
  const page = async ({ url }: RunningEndpoint): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const leaving = new AbortController();
  const left = [1, 2, 3].map((seed) => complete(endpoint, { max_tokens: 1e6, seed }, leaving.signal));
  await until(async () => (await endpoint.stats()).requests.inFlight === 3);
  assert.match(await page(endpoint), /vllm:num_requests_running\{engine="0",model_name="simulated"\} 0\n/);
  await until(async () => /_running\{.*\} 2\n[^]*_waiting\{.*\} 1\n/.test(await page(endpoint)));
  assert.match(await page(endpoint), /vllm:kv_cache_usage_perc\{.*\} [\d.e-]+\n/);
  assert.match(await page(endpoint), /TYPE vllm:num_preemptions_total counter/);
  await endpoint.control({ metrics: 'times10' });
  assert.match(await page(endpoint), /running\{.*\} 20\n/);
  await endpoint.control({ metrics: 'zero' });
  assert.match(await page(endpoint), /running\{.*\} 0\n/);
  await endpoint.control({ metrics: 'true', metricsLagMs: 0 });
  await endpoint.control({ metrics: 'frozen' });
  leaving.abort();
  await Promise.allSettled(left);
  await until(async () => (await endpoint.stats()).requests.inFlight === 0);
  assert.match(await page(endpoint), /running\{.*\} 2\n/);
  await endpoint.control({ metrics: 'true' });
  assert.match(await page(endpoint), /running\{.*\} 0\n/);
  await endpoint.control({ metrics: 'absent' });
  assert.equal((await fetch(`${endpoint.url}/metrics`)).status, 404);
  assert.match(await page(sglang), /sglang:num_running_reqs.*sglang:num_queue_reqs.*sglang:token_usage/s);
  assert.match(await page(llamacpp), /llamacpp:requests_processing 0\n.*llamacpp:requests_deferred 0\n/s);
});

test('keep-alive as uvicorn: no header, closed when idle; connections are counted', async (t) => {
  const endpoint = await start(t, { timeScale: 0, keepAliveMs: 200 });
  const agent = new HttpAgent({ keepAlive: true });
  t.after(() => agent.destroy());
  const headers = await getHeaders(`${endpoint.url}/health`, agent);
  assert.equal(headers['keep-alive'], undefined);
  assert.equal(headers['connection'], undefined);
  await getHeaders(`${endpoint.url}/health`, agent);
  assert.deepEqual((await endpoint.stats()).connections, { opened: 1, most: 1, now: 1 });

  const socket = connect(endpoint.port, '127.0.0.1');
  socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  socket.resume();
  const startMs = performance.now();
  await once(socket, 'end');
  const idleMs = performance.now() - startMs;
  assert.ok(idleMs > 150 && idleMs < 2500, `${idleMs}`);
  await until(async () => (await endpoint.stats()).connections.now === 0);
  assert.equal((await endpoint.stats()).connections.opened, 2);
});

async function getHeaders(url: string, agent: Agent): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent }, (response) => {
      response.resume();
      response.once('end', () => setImmediate(resolve, response.headers));
    });
    request.once('error', reject);
    request.end();
  });
}

test('limits of context and model name', async (t) => {
  const endpoint = await start(t, { timeScale: 0, contextTokens: 100, model: 'm' });
  const long = await complete(endpoint, { model: 'm', max_tokens: 100 });
  assert.equal(long.status, 400);
  assert.equal(((await long.json()) as Json)['error'].param, 'input_tokens');
  assert.equal((await complete(endpoint, { model: 'other', max_tokens: 9 })).status, 404);
  assert.equal((await complete(endpoint, { model: 'm', max_tokens: 9 })).status, 200);
  assert.equal((await complete(endpoint, { model: 'm', max_tokens: 9 })).status, 200);
  const { requests } = await endpoint.stats();
  assert.deepEqual([requests.repeated, requests.byPath], [1, { '/completions': 4 }]);
});

test('the process says where it listens, and stops with its stdin or on SIGTERM', async () => {
  const path = fileURLToPath(new URL('../../bench/endpoint/server.js', import.meta.url));
  for (const how of ['stdin', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [path, '--slots', '2'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url, port } = JSON.parse(line) as { url: string; port: number };
    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    const exited = once(child, 'exit');
    if (how === 'stdin') child.stdin.end();
    else child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  }
});
