import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer as createNetServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CompleteRequest, Model } from '../../../src/backends/model.js';
import { HARMLESS } from '../../../src/backends/server/refusalGuard.js';
import { openModel } from '../../../src/backends/openModel.js';
import { openai } from '../../../src/backends/protocols/openai.js';
import { ScaleQuestError } from '../../../src/errors.js';
import {
  type Answer,
  type FaultServer,
  completionOf,
  sendJson,
  startFaultServer,
} from '../../helpers/servers/faultServer.js';

const KEY = 'sk-very-secret-4711';

const ASK: CompleteRequest = {
  seq: 0,
  message: { kind: 'user', text: 'What is 1 + 1?' },
  n: 1,
  tokensMax: 64,
  temperature: 0.7,
  topP: 0.95,
  seed: 42,
};

const opened: { model?: Model; server?: FaultServer | Server }[] = [];

afterEach(async () => {
  for (const { model, server } of opened.splice(0)) {
    await model?.close();
    if (server && 'stop' in server) await server.stop();
    else server?.close();
  }
});

function chatReply(content: string): object {
  return { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] };
}

async function serve(answer: Answer, options?: { keepAliveTimeoutMs?: number }): Promise<FaultServer> {
  const server = await startFaultServer(answer, options);
  opened.push({ server });
  return server;
}

/** A server that fails as told at every call but a harmless one, with which it is asked whether it fails at all. */
function failingAt(answer: Answer): Answer {
  return (seen, response, socket) =>
    JSON.stringify(seen.body).includes(HARMLESS.user)
      ? sendJson(response, 200, completionOf(['4']))
      : answer(seen, response, socket);
}

async function open(url: string, changes: object = {}): Promise<Model> {
  const options = { replicas: [url], model: 'm-7b', apiKeyEnv: 'TEST_KEY', ...changes };
  // A draw near 0: retries come at once, except where the server asks for a time.
  const deps = { env: { TEST_KEY: KEY }, folder: '.', random: () => 0.002 };
  const model = await openModel('solver', { openai: options }, deps);
  opened.unshift({ model });
  return model;
}

/** The error of a call, which must be one of ours and name the model and the server, but not the key. */
async function errorOf(work: Promise<unknown>): Promise<ScaleQuestError> {
  const error = await work.then(
    () => assert.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ScaleQuestError, String(error));
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    assert.ok(!JSON.stringify([cause.message, cause.stack, cause]).includes(KEY), 'the key leaked');
  }
  return error;
}

describe('openOpenai, requests and replies', () => {
  it('sends a raw prompt with every parameter, and the key to this server', async () => {
    const server = await serve((_, response) => sendJson(response, 200, completionOf(['a', 'bcd'])));
    const model = await open(server.url, { extra: { top_k: 20 } });
    const choices = await model.complete({ ...ASK, n: 2 });
    assert.deepEqual(
      choices.map(({ text, finish }) => [text, finish]),
      [
        ['a', 'stop'],
        ['bcd', 'stop'],
      ],
    );
    const [seen] = server.seen;
    assert.equal(seen!.method, 'POST');
    assert.equal(seen!.path, '/v1/completions');
    assert.equal(seen!.headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual(seen!.body, {
      top_k: 20,
      model: 'm-7b',
      n: 2,
      max_tokens: 64,
      temperature: 0.7,
      top_p: 0.95,
      seed: 42,
      stream: false,
      stop: ['<|im_start|>', '<|im_end|>', '<|endoftext|>'],
      prompt:
        '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat is 1 + 1?<|im_end|>\n<|im_start|>assistant\n',
    });
    const { requests, retries, failures, promptTokens, completionTokens, inFlight, queued } = model.stats();
    assert.deepEqual([requests, retries, failures, promptTokens, completionTokens], [1, 0, 0, 10, 10]);
    assert.deepEqual([inFlight, queued], [0, 0]);
  });

  it('sends stop tokens, values for the template and a schema for the reply, where they are given', async () => {
    const server = await serve(({ body }, response) => {
      const reply = body['messages']
        ? { choices: [{ index: 0, message: { content: '7' }, finish_reason: 'stop' }] }
        : completionOf(['7']);
      sendJson(response, 200, reply);
    });
    const jsonSchema = { type: 'object', properties: { answer: { type: 'number' } } };
    const raw = await open(server.url, { stopTokenIds: [151645, 151643] });
    await raw.complete(ASK);
    const chat = await open(server.url, {
      ...{ protocol: 'chat', chatTemplateKwargs: { enable_thinking: false }, jsonSchema },
    });
    await chat.complete(ASK);
    const [first, second] = server.seen.map(({ body }) => body);
    assert.deepEqual(first!['stop_token_ids'], [151645, 151643]);
    assert.ok(!('response_format' in first!) && !('chat_template_kwargs' in first!));
    assert.deepEqual(second!['chat_template_kwargs'], { enable_thinking: false });
    assert.deepEqual(second!['response_format'], {
      type: 'json_schema',
      json_schema: { name: 'reply', schema: jsonSchema, strict: true },
    });
    assert.ok(!('stop_token_ids' in second!));
    await chat.choose({ seq: 0, message: ASK.message, options: ['Yes', 'No'] }).catch(() => {});
    assert.ok(!('response_format' in server.seen.at(-1)!.body), 'the first token must be free');
  });

  it('sends the schema of a step in the field that its server reads, or in none', async () => {
    const server = await serve((_, response) => sendJson(response, 200, completionOf(['{}'])));
    const schema = { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] };
    const fieldsOf = async (options: object): Promise<unknown[]> => {
      const model = await open(server.url, options);
      await model.complete({ ...ASK, jsonSchema: schema });
      const { body } = server.seen.at(-1)!;
      return [body['response_format'], body['json_schema']];
    };
    const format = { type: 'json_schema', json_schema: { name: 'reply', schema, strict: false } };
    assert.deepEqual(await fieldsOf({}), [format, undefined]);
    assert.deepEqual(await fieldsOf({ schemas: 'json_schema' }), [undefined, schema]);
    assert.deepEqual(await fieldsOf({ schemas: 'none' }), [undefined, undefined]);
  });

  it('names the length as the model wants it, and leaves out the fields that it refuses', async () => {
    const server = await serve((_, response) => sendJson(response, 200, chatReply('2')));
    const options = { protocol: 'chat', choicesPerRequestMax: 1, maxTokensField: 'max_completion_tokens' };
    const model = await open(server.url, { ...options, omitFields: ['temperature', 'top_p', 'seed', 'n'] });
    await model.complete(ASK);
    assert.deepEqual(server.seen[0]!.body, {
      ...{ model: 'm-7b', stream: false, max_completion_tokens: 64 },
      messages: [{ role: 'user', content: 'What is 1 + 1?' }],
    });
    const raw = await open(server.url, { maxTokensField: 'max_completion_tokens' });
    await raw.complete(ASK).catch(() => undefined);
    const { max_tokens: none, max_completion_tokens: tokens } = server.seen.at(-1)!.body;
    assert.deepEqual([none, tokens], [undefined, 64]);
  });

  it('does not know how many choices come where n is left out', () => {
    const options = { replicas: ['http://h/v1'], model: 'm', omitFields: ['n'] };
    const [issue] = openai.options.safeParse(options).error!.issues;
    assert.deepEqual([issue!.path, /choicesPerRequestMax: 1/.test(issue!.message)], [['omitFields'], true]);
    assert.ok(openai.options.safeParse({ ...options, choicesPerRequestMax: 1 }).success);
  });

  it('changes what decides the replies only where a field is not as ever', () => {
    const identityOf = (changes: object): string =>
      JSON.stringify(
        openai.describe(openai.options.parse({ replicas: ['http://h/v1'], model: 'm', ...changes })).identity,
      );
    const usual = identityOf({});
    assert.ok(!usual.includes('maxTokensField') && !usual.includes('omitFields'));
    assert.notEqual(identityOf({ maxTokensField: 'max_completion_tokens' }), usual);
    assert.equal(
      identityOf({ omitFields: ['seed', 'top_p'] }),
      identityOf({ omitFields: ['top_p', 'seed'] }),
    );
    assert.notEqual(identityOf({ omitFields: ['seed'] }), usual);
  });

  it('sends the bare opening of a user message for a pre-query', async () => {
    const server = await serve((_, response) => sendJson(response, 200, completionOf(['q'])));
    const model = await open(server.url);
    assert.equal(model.can.preQuery, true);
    await model.complete({ ...ASK, message: { kind: 'preQuery' } });
    assert.match(server.seen[0]!.body['prompt'] as string, /<\|im_start\|>user\n$/);
  });

  it('speaks chat: messages, no template, no pre-query', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 200, {
        choices: [{ index: 0, message: { role: 'assistant', content: '2' }, finish_reason: 'length' }],
        usage: { prompt_tokens: 3, completion_tokens: 1 },
      }),
    );
    const model = await open(server.url, { protocol: 'chat' });
    assert.deepEqual(await model.complete(ASK), [{ text: '2', finish: 'length', tokens: 1 }]);
    assert.equal(server.seen[0]!.path, '/v1/chat/completions');
    assert.deepEqual(server.seen[0]!.body['messages'], [{ role: 'user', content: 'What is 1 + 1?' }]);
    assert.ok(!('prompt' in server.seen[0]!.body) && !('stop' in server.seen[0]!.body));
    assert.equal(model.can.preQuery, false);
    assert.equal(
      (await errorOf(model.complete({ ...ASK, message: { kind: 'preQuery' } }))).code,
      'ERR_PIPELINE_MODEL',
    );
  });

  it('orders choices by index, cuts stop strings, and tells other ends from a cut', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 200, {
        choices: [
          { index: 1, text: 'second', finish_reason: 'content_filter' },
          { index: 0, text: 'first<|im_end|>\n<|im_start|>', finish_reason: 'length' },
        ],
      }),
    );
    const model = await open(server.url);
    const choices = await model.complete({ ...ASK, n: 2 });
    assert.deepEqual(
      choices.map(({ text, finish }) => [text, finish]),
      [
        ['first', 'stop'],
        ['second', 'filter'],
      ],
    );
  });

  it('asks one greedy choice only, and several requests of a server that ignores n', async () => {
    const server = await serve(({ body }, response) =>
      sendJson(
        response,
        200,
        completionOf(Array.from({ length: body['n'] as number }, () => `seed ${String(body['seed'])}`)),
      ),
    );
    const model = await open(server.url, { choicesPerRequestMax: 2 });
    const greedy = await model.complete({ ...ASK, n: 3, temperature: 0 });
    assert.deepEqual(
      greedy.map(({ text }) => text),
      ['seed 42', 'seed 42', 'seed 42'],
    );
    assert.equal(server.seen.length, 1);
    const five = await model.complete({ ...ASK, n: 5 });
    assert.equal(five.length, 5);
    assert.deepEqual(
      server.seen
        .slice(1)
        .map(({ body }) => Number(body['n']))
        .sort((a, b) => a - b),
      [1, 2, 2],
    );
    assert.equal(new Set(five.map(({ text }) => text)).size, 3);
  });

  it('reads probabilities in every form that servers give them', async () => {
    const list = [
      { token: 'Yes', logprob: Math.log(0.5) },
      { token: ' Yes', logprob: Math.log(0.125) },
      { token: 'No', logprob: Math.log(0.25) },
      { token: 'Yes, ', logprob: Math.log(0.01) },
      { token: 'Y', logprob: Math.log(0.02) },
      { token: ' ', logprob: null },
    ];
    const record = { top_logprobs: [Object.fromEntries(list.map(({ token, logprob }) => [token, logprob]))] };
    const forms: Record<string, object> = {
      completions: { text: 'Yes', logprobs: record },
      chat: { message: { content: 'Yes' }, logprobs: { content: [{ top_logprobs: list }] } },
    };
    for (const [protocol, choice] of Object.entries(forms)) {
      const server = await serve((_, response) =>
        sendJson(response, 200, { choices: [{ index: 0, finish_reason: 'length', ...choice }] }),
      );
      const model = await open(server.url, { protocol });
      const options = ['Yes', 'No', 'Maybe'];
      assert.deepEqual(await model.choose({ seq: 0, message: ASK.message, options }), [0.625, 0.25, 0]);
      const { body } = server.seen[0]!;
      assert.deepEqual([body['max_tokens'], body['temperature'], body['top_p']], [1, 1, 1]);
      assert.deepEqual(
        [body['logprobs'], body['top_logprobs']],
        protocol === 'chat' ? [true, 20] : [20, undefined],
      );
    }
  });

  it('takes a token that only begins an option where it begins no other', async () => {
    const top = { So: Math.log(0.5), Un: Math.log(0.25), S: Math.log(0.125) };
    const server = await serve((_, response) =>
      sendJson(response, 200, {
        choices: [{ text: 'So', finish_reason: 'length', logprobs: { top_logprobs: [top] } }],
      }),
    );
    const model = await open(server.url);
    const ask = (options: string[]): Promise<number[]> =>
      model.choose({ seq: 0, message: ASK.message, options });
    assert.deepEqual(await ask(['Solvable', 'Unsolvable']), [0.5, 0.25]);
    assert.deepEqual(await ask(['Solvable', 'Strange']), [0.5, 0]);
  });

  it('is not misled by a rare whole word where the tokeniser cuts an option', async () => {
    const top = { N: Math.log(0.5), Y: Math.log(0.25), ' No': Math.log(1e-6) };
    const server = await serve((_, response) =>
      sendJson(response, 200, {
        choices: [{ text: 'N', finish_reason: 'length', logprobs: { top_logprobs: [top] } }],
      }),
    );
    const model = await open(server.url);
    assert.deepEqual(
      await model.choose({ seq: 0, message: ASK.message, options: ['Yes', 'No'] }),
      [0.25, 0.5],
    );
  });

  it('says so when a server gives no probabilities', async () => {
    const server = await serve((_, response) => sendJson(response, 200, completionOf(['Yes'])));
    const model = await open(server.url);
    const error = await errorOf(model.choose({ seq: 0, message: ASK.message, options: ['Yes', 'No'] }));
    assert.equal(error.code, 'ERR_MODEL_PROTOCOL');
    assert.match(error.message, /log-probabilities/);
  });
});

describe('openOpenai, faults', () => {
  it('comes through a storm of 429 without losing a row, and waits as asked', async () => {
    const server = await serve(({ index }, response) => {
      if (index >= 6) return sendJson(response, 200, completionOf(['x']));
      if (index % 2) return sendJson(response, 429, {}, { 'retry-after': '0.05' });
      return sendJson(response, 503, {});
    });
    const model = await open(server.url, { retriesMax: 0, requestsInFlightMax: 4 });
    const rows = await Promise.all(Array.from({ length: 20 }, (_, seq) => model.complete({ ...ASK, seq })));
    assert.equal(rows.length, 20);
    assert.equal(model.stats().retries, 6);
    assert.equal(model.stats().failures, 0);
  });

  it('holds no slot while it waits', async () => {
    const server = await serve(({ body }, response) => {
      if ((body['prompt'] as string).includes('busy')) {
        return sendJson(response, 429, {}, { 'retry-after': '30' });
      }
      return sendJson(response, 200, completionOf(['x']));
    });
    const model = await open(server.url, { requestsInFlightMax: 1 });
    const busy = model.complete({ ...ASK, message: { kind: 'user', text: 'busy' } });
    const busyEnd = errorOf(busy);
    await delay(50);
    await model.complete({ ...ASK, seq: 1 });
    assert.equal(model.stats().queued, 1);
    await model.close();
    assert.equal((await busyEnd).code, 'ERR_CANCELLED');
  });

  it('retries 500 and gives the row up in the end', async () => {
    const server = await serve(
      failingAt((_, response) => sendJson(response, 500, { error: { message: `boom ${KEY}` } })),
    );
    const model = await open(server.url, { retriesMax: 2 });
    const error = await errorOf(model.complete(ASK));
    assert.equal(error.code, 'ROW_SERVER_ERROR');
    assert.match(error.message, /model solver \(m-7b at http:.*answered 500: boom \[key\], after 3 tries/);
    // The last one asked whether the server fails at all.
    assert.equal(server.seen.length, 4);
    assert.deepEqual([model.stats().retries, model.stats().failures], [3, 1]);
  });

  it('loses no row to a gateway that answers 502 for a while, and ends the run where it goes on', async () => {
    let isWell = false;
    const server = await serve((_, response) =>
      isWell ? sendJson(response, 200, completionOf(['2'])) : void response.writeHead(502).end('<h1>Bad'),
    );
    const model = await open(server.url, { retriesMax: 1, unreachableMs: 20_000 });
    const calls = Array.from({ length: 20 }, (_, seq) => model.complete({ ...ASK, seq }));
    await delay(300);
    isWell = true;
    const choices = await Promise.all(calls);
    assert.deepEqual([...new Set(choices.map(([choice]) => choice!.text))], ['2']);
    isWell = false;
    const short = await open(server.url, { retriesMax: 1, unreachableMs: 100 });
    const error = await errorOf(short.complete(ASK));
    assert.equal(error.code, 'ERR_MODEL_UNREACHABLE');
    assert.match(
      error.message,
      /answered 502, after 2 tries; all requests of this kind fail, also a harmless one/,
    );
  });

  it('gives up after the deadline in every try, also when only the body is slow', async () => {
    const server = await serve(
      failingAt(({ index }, response) => {
        if (index === 0) return;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"choices": [');
      }),
    );
    const model = await open(server.url, { retriesMax: 1, timeoutMs: 100 });
    const error = await errorOf(model.complete(ASK));
    assert.equal(error.code, 'ROW_TIMEOUT');
    assert.equal(server.seen.length, 3);
    await delay(50);
    assert.equal(server.requestsOpen(), 0, 'the late requests are cut');
  });

  it('retries replies that break off or are no JSON, and gives the row up', async () => {
    const whole = JSON.stringify(completionOf(['x']));
    const broken: Answer[] = [
      (_, response, socket) => {
        response.writeHead(200, { 'content-length': String(whole.length) });
        response.write(whole.slice(0, 20), () => socket.destroy());
      },
      (_, response, socket) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(whole.slice(0, 20), () => socket.end());
      },
      (_, response) => void response.writeHead(200).end(whole.slice(0, 20)),
    ];
    for (const answer of broken) {
      const server = await serve(failingAt(answer));
      const model = await open(server.url, { retriesMax: 1 });
      assert.equal((await errorOf(model.complete(ASK))).code, 'ROW_REPLY_INVALID');
      assert.equal(server.seen.length, 3);
    }
  });

  it('repeats once and silently on a connection that was cut before the reply', async () => {
    const server = await serve(({ index }, response, socket) => {
      if (index === 0) socket.destroy();
      else if (index === 2) socket.end();
      else sendJson(response, 200, completionOf(['x']));
    });
    const model = await open(server.url, { retriesMax: 0, unreachableMs: 0 });
    await model.complete(ASK);
    await model.complete(ASK);
    assert.equal(model.stats().retries, 0);
    assert.equal(server.seen.length, 4);
  });

  it('loses nothing to a server that drops idle connections', async () => {
    const server = await serve((_, response) => sendJson(response, 200, completionOf(['x'])), {
      keepAliveTimeoutMs: 20,
    });
    const model = await open(server.url, { retriesMax: 0, requestsInFlightMax: 8 });
    for (let round = 0; round < 12; round++) {
      await Promise.all(Array.from({ length: 16 }, (_, seq) => model.complete({ ...ASK, seq })));
      await delay(18 + (round % 5));
    }
    assert.equal(model.stats().failures, 0);
  });

  it('keeps to its limit of requests and connections, oldest row first', async () => {
    const server = await serve(async (_, response) => {
      await delay(5);
      sendJson(response, 200, completionOf(['x']));
    });
    const model = await open(server.url, { requestsInFlightMax: 3 });
    const calls = Array.from({ length: 30 }, (_, at) =>
      model.complete({ ...ASK, seq: 30 - at, message: { kind: 'user', text: `row ${30 - at}.` } }),
    );
    assert.deepEqual([model.stats().inFlight, model.stats().queued], [3, 27]);
    await Promise.all(calls);
    // One connection more than requests: the pool's polls need one while all others are busy.
    assert.ok(server.requestsMost() <= 3 && server.connectionsMost() <= 4);
    const order = server.seen.map(({ body }) => Number(/row (\d+)/.exec(body['prompt'] as string)![1]));
    // The first three start as they come; a reply may overtake another, but not by more than the limit.
    order.slice(3).forEach((seq, at) => assert.ok(Math.abs(seq - (at + 1)) <= 3, order.join()));
  });

  it('rejects the row when there are fewer choices than asked for', async () => {
    for (const texts of [[], ['only one']]) {
      const answer = (isFirst: boolean): object => completionOf(isFirst ? texts : ['a', 'b']);
      const server = await serve(({ index }, response) => sendJson(response, 200, answer(index === 0)));
      const model = await open(server.url);
      const error = await errorOf(model.complete({ ...ASK, n: 2 }));
      assert.equal(error.code, 'ROW_FEWER_CHOICES');
      assert.match(error.message, new RegExp(`${texts.length} of 2`));
    }
  });

  it('ends the run where every reply has fewer choices, also for a choice among replies, or only empty ones', async () => {
    for (const texts of [[], ['only one'], ['', ' ']]) {
      const server = await serve((_, response) => sendJson(response, 200, completionOf(texts)));
      const model = await open(server.url);
      const error = await errorOf(model.complete({ ...ASK, n: 2 }));
      assert.equal(error.code, 'ERR_MODEL_REFUSED');
      assert.match(
        error.message,
        texts.length === 2 ? /without any text/ : new RegExp(`${texts.length} of 2`),
      );
    }
    const server = await serve((_, response) => sendJson(response, 200, completionOf([])));
    const model = await open(server.url);
    const message = { kind: 'user', text: 'q' } as const;
    const error = await errorOf(model.choose({ seq: 0, message, options: ['Yes', 'No'] }));
    assert.equal(error.code, 'ERR_MODEL_REFUSED');
  });

  it('gives empty texts as they are where the server has others', async () => {
    const server = await serve(({ index }, response) =>
      sendJson(response, 200, completionOf(index === 0 ? ['', ''] : ['a', 'b'])),
    );
    const model = await open(server.url);
    const choices = await model.complete({ ...ASK, n: 2 });
    assert.deepEqual(
      choices.map(({ text }) => text),
      ['', ''],
    );
  });

  const refusals: [number, object, RegExp][] = [
    [401, { error: { message: `Incorrect API key provided: ${KEY}` } }, /401.*TEST_KEY/],
    [403, {}, /403.*TEST_KEY/],
    [
      404,
      { error: { message: 'The model `m-7b` does not exist.', code: 404 } },
      /404: The model.*\/v1\/models/,
    ],
    [405, { detail: 'Method Not Allowed' }, /405: Method Not Allowed/],
    [429, { error: { code: 'insufficient_quota', message: 'pay' } }, /quota/],
  ];
  for (const [status, body, message] of refusals) {
    it(`ends the run on ${status} that every request would get`, async () => {
      const server = await serve((_, response) => sendJson(response, status, body));
      const model = await open(server.url);
      const error = await errorOf(model.complete(ASK));
      assert.equal(error.code, 'ERR_MODEL_REFUSED');
      assert.match(error.message, message);
      assert.match(error.message, /solver .*m-7b at http/);
      assert.equal(server.seen.length, 1);
    });
  }

  const rowFaults: [number, object, string][] = [
    [
      400,
      { error: { message: 'top_p must be in (0, 1]', type: 'BadRequestError', code: 400 } },
      'ROW_REFUSED',
    ],
    [422, { detail: [{ loc: ['body', 'n'], msg: 'no' }] }, 'ROW_REFUSED'],
    [400, { error: { message: 'too long', code: 'context_length_exceeded' } }, 'ROW_PROMPT_TOO_LONG'],
    [
      400,
      { error: { message: 'too long', code: 400, type: 'exceed_context_size_error' } },
      'ROW_PROMPT_TOO_LONG',
    ],
    [400, { error: { message: 'too long', param: 'input_tokens' } }, 'ROW_PROMPT_TOO_LONG'],
    [413, {}, 'ROW_PROMPT_TOO_LONG'],
  ];
  for (const [status, body, code] of rowFaults) {
    it(`rejects one row with ${code} on ${status} ${JSON.stringify(body)}`, async () => {
      const server = await serve(({ body: asked }, response) =>
        JSON.stringify(asked).includes('What is 2 + 2?')
          ? sendJson(response, 200, completionOf(['4']))
          : sendJson(response, status, body),
      );
      const model = await open(server.url);
      const row = { ...ASK, message: { kind: 'user', text: 'a row' } } as const;
      assert.equal((await errorOf(model.complete(row))).code, code);
      assert.equal(server.seen.length, code === 'ROW_REFUSED' ? 2 : 1);
    });
  }

  it('ends the run where every request is refused, and names the option for a field of another name', async () => {
    const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
    const server = await serve((_, response) => sendJson(response, 400, { error: { message } }));
    const model = await open(server.url);
    const calls = Array.from({ length: 40 }, (_, seq) => errorOf(model.complete({ ...ASK, seq, seed: seq })));
    for (const error of await Promise.all(calls)) {
      assert.equal(error.code, 'ERR_MODEL_REFUSED');
      assert.match(error.message, /Use 'max_completion_tokens'.*set maxTokensField: max_completion_tokens/);
    }
  });

  for (const [error, advice] of [
    [
      {
        message:
          "Unsupported value: 'temperature' does not support 0.7 with this model. Only 1 is supported.",
        ...{ param: 'temperature', code: 'unsupported_value' },
      },
      /set omitFields: \[temperature\]/,
    ],
    [{ message: "Unsupported parameter: 'top_p' is not supported with this model." }, /\[top_p\]/],
    [{ message: 'Argument not supported on this model: seed', param: 'seed' }, /omitFields: \[seed\]/],
    [{ message: '`n` is not supported; expected 1', param: null }, /omitFields: \[n\]/],
    [{ message: 'This model does not support "logprobs".' }, /gives no probabilities/],
  ] as const) {
    it(`says which option helps: ${error.message}`, async () => {
      const server = await serve((_, response) => sendJson(response, 400, { error }));
      const refused = await errorOf((await open(server.url)).complete(ASK));
      assert.equal(refused.code, 'ERR_MODEL_REFUSED');
      assert.match(refused.message, advice);
    });
  }

  it('gives no advice on a field where the server speaks of something else', async () => {
    const message = "the value of 'temperature' must be below 2";
    const server = await serve((_, response) => sendJson(response, 400, { error: { message } }));
    assert.doesNotMatch((await errorOf((await open(server.url)).complete(ASK))).message, /omitFields/);
  });

  it('follows no redirect, so that the key goes nowhere else', async () => {
    const other = await serve((_, response) => sendJson(response, 200, completionOf(['x'])));
    const server = await serve(
      (_, response) => void response.writeHead(307, { location: `${other.url}/completions` }).end(),
    );
    const error = await errorOf((await open(server.url)).complete(ASK));
    assert.equal(error.code, 'ERR_MODEL_REFUSED');
    assert.ok(error.message.includes(other.url));
    assert.equal(other.seen.length, 0);
  });

  it('tells a web page, a stream and another JSON from its protocol', async () => {
    const foreign: Answer[] = [
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Log in'),
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {}\n\n'),
      (_, response) => sendJson(response, 200, { response: 'x', done: true }),
    ];
    for (const answer of foreign) {
      const error = await errorOf((await open((await serve(answer)).url)).complete(ASK));
      assert.equal(error.code, 'ERR_MODEL_PROTOCOL');
      assert.match(error.message, /\/v1/);
    }
  });

  it('takes a web page from a server that spoke well before as one broken reply', async () => {
    const server = await serve(({ index }, response) =>
      index === 1
        ? void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>one moment')
        : sendJson(response, 200, completionOf(['x'])),
    );
    const model = await open(server.url);
    await model.complete(ASK);
    await model.complete(ASK);
    assert.equal(model.stats().retries, 1);
  });

  it('refuses a reply of more than 64 MiB', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(2 ** 20, 0x20);
      let sent = 0;
      const more = (): void => {
        while (sent++ < 80) if (!response.write(chunk)) return void response.once('drain', more);
        response.end();
      };
      more();
    });
    const error = await errorOf((await open(server.url)).complete(ASK));
    assert.equal(error.code, 'ROW_REPLY_INVALID');
    assert.match(error.message, /64 MiB/);
  });

  it('ends the run when nobody listens, after the time told', async () => {
    const server = await startFaultServer(() => undefined);
    await server.stop();
    const model = await open(server.url, { unreachableMs: 200 });
    const started = performance.now();
    const error = await errorOf(model.complete(ASK));
    assert.equal(error.code, 'ERR_MODEL_UNREACHABLE');
    assert.match(error.message, /solver .*ECONNREFUSED/);
    assert.ok(performance.now() - started >= 190);
  });

  it('names a host that does not exist', async () => {
    const error = await errorOf(
      (await open('http://no-such-host.invalid/v1', { unreachableMs: 500 })).complete(ASK),
    );
    assert.equal(error.code, 'ERR_MODEL_UNREACHABLE');
    assert.match(error.message, /no-such-host\.invalid/);
  });

  it('tells a server that speaks no HTTP, and a plain one behind https', async () => {
    const ssh = createNetServer(
      (socket) => void socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'),
    );
    ssh.listen(0, '127.0.0.1');
    await once(ssh, 'listening');
    opened.push({ server: ssh });
    const { port } = ssh.address() as { port: number };
    const foreign = await errorOf((await open(`http://127.0.0.1:${port}/v1`)).complete(ASK));
    assert.equal(foreign.code, 'ERR_MODEL_PROTOCOL');
    assert.match(foreign.message, /does not speak HTTP/);
    const plain = await serve((_, response) => sendJson(response, 200, completionOf(['x'])));
    const tls = await errorOf((await open(plain.url.replace('http:', 'https:'))).complete(ASK));
    assert.equal(tls.code, 'ERR_MODEL_PROTOCOL');
    assert.match(tls.message, /http:\/\//);
  });

  it('close settles everything at once and cuts the connections', async () => {
    const server = await serve(() => undefined);
    const model = await open(server.url, { requestsInFlightMax: 2 });
    const calls = Array.from({ length: 6 }, (_, seq) => errorOf(model.complete({ ...ASK, seq })));
    await delay(50);
    const started = performance.now();
    await model.close();
    for (const error of await Promise.all(calls)) assert.equal(error.code, 'ERR_CANCELLED');
    assert.ok(performance.now() - started < 500);
    assert.equal((await errorOf(model.complete(ASK))).code, 'ERR_CANCELLED');
    assert.deepEqual([model.stats().inFlight, model.stats().queued], [0, 0]);
    await model.close();
    await delay(50);
    assert.equal(server.connectionsOpen(), 0);
  });
});

describe('the options of openai', () => {
  const messageOf = (changes: object): string =>
    openai.options.safeParse({ replicas: ['http://h/v1'], model: 'm', ...changes }).error!.issues[0]!.message;

  it('refuses urls that hold secrets or miss the base, without repeating them', () => {
    for (const url of ['http://user:hunter2@h/v1', 'http://h/v1?key=hunter2']) {
      assert.ok(!messageOf({ url }).includes('hunter2'));
    }
    assert.match(messageOf({ replicas: ['http://h/v1/chat/completions'] }), /base/);
    assert.match(messageOf({ replicas: ['h:8000/v1'] }), /http/);
    assert.match(messageOf({ apiKeyEnv: 'sk-123' }), /name of an environment variable/);
    assert.match(messageOf({ extra: { temperature: 1 } }), /temperature/);
    assert.match(messageOf({ extra: { stop_token_ids: [1] } }), /stop_token_ids/);
    assert.match(messageOf({ chatTemplateKwargs: { a: 1 } }), /protocol: chat/);
    assert.match(messageOf({ retries: 1 }), /retries/);
  });

  it('describes every option', () => {
    for (const [key, schema] of Object.entries(openai.options.shape)) assert.ok(schema.description, key);
  });

  it('has an identity of what decides the replies alone', () => {
    const parse = (changes: object): string =>
      JSON.stringify(
        openai.describe(openai.options.parse({ replicas: ['http://h/v1'], model: 'm', ...changes })).identity,
      );
    const knobs = {
      replicas: ['http://other/v1'],
      apiKeyEnv: 'K',
      requestsInFlightMax: 9,
      timeoutMs: 9,
      retriesMax: 1,
    };
    assert.equal(parse({}), parse(knobs));
    for (const changes of [
      ...[{ model: 'x' }, { protocol: 'chat' }, { extra: { a: 1 } }, { stopTokenIds: [1] }],
      ...[{ jsonSchema: { type: 'object' } }, { protocol: 'chat', chatTemplateKwargs: { a: 1 } }],
    ]) {
      assert.notEqual(parse({}), parse(changes));
    }
  });

  it('names the variable of a missing or spoilt key, not the key', async () => {
    const options = { replicas: ['http://h/v1'], model: 'm', apiKeyEnv: 'TEST_KEY' };
    for (const env of [{}, { TEST_KEY: ' ' }, { TEST_KEY: `${KEY}\n${KEY}` }]) {
      const error = await errorOf(
        openModel('solver', { openai: options, template: 'chatml' }, { env, folder: '.', random: () => 0 }),
      );
      assert.equal(error.code, 'ERR_MODEL_LOAD');
      assert.match(error.message, /TEST_KEY/);
    }
  });
});
