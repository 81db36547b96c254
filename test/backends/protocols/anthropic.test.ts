import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { CompleteRequest, Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { anthropic } from '../../../src/backends/protocols/anthropic.js';
import { ScaleQuestError } from '../../../src/errors.js';
import {
  type Answer,
  type FaultServer,
  sendJson,
  startFaultServer,
} from '../../helpers/servers/faultServer.js';

const KEY = 'sk-ant-test-4711';

const ASK: CompleteRequest = {
  ...{ seq: 0, message: { kind: 'user', text: 'What is 1 + 1?' }, n: 1, tokensMax: 64 },
  ...{ temperature: 0.7, topP: 1, seed: 42 },
};

async function serve(t: TestContext, answer: Answer): Promise<FaultServer> {
  const server = await startFaultServer(answer);
  t.after(() => server.stop());
  return server;
}

async function open(t: TestContext, { url }: FaultServer, changes: object = {}): Promise<Model> {
  const options = { replicas: [url], model: 'claude-test', apiKeyEnv: 'TEST_KEY', ...changes };
  const deps = { env: { TEST_KEY: KEY }, folder: '.', random: () => 0.002 };
  const model = await openModel('solver', { anthropic: options }, deps);
  t.after(() => model.close());
  return model;
}

function messageOf(content: object[], changes: object = {}): object {
  return {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test', content },
    ...{ stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 12, output_tokens: 5 } },
    ...changes,
  };
}

const text = (words: string): object => ({ type: 'text', text: words, citations: null });

function errorBody(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: 'req_1' };
}

async function codeOf(work: Promise<unknown>): Promise<[string, string]> {
  const error = await work.then(
    () => assert.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ScaleQuestError, String(error));
  assert.ok(!error.message.includes(KEY), 'the key leaked');
  return [error.code, error.message];
}

describe('openAnthropic', () => {
  it('sends messages with its key and version, and the system prompt apart', async (t) => {
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf([text('2')])));
    const model = await open(t, server, { system: 'Be brief.', extra: { metadata: { user_id: 'u' } } });
    assert.deepEqual(await model.complete({ ...ASK, topP: 0.9 }), [{ text: '2', finish: 'stop', tokens: 5 }]);
    const [{ path, headers, body }] = server.seen as [FaultServer['seen'][number]];
    assert.equal(path, '/v1/messages');
    assert.deepEqual([headers['x-api-key'], headers['anthropic-version']], [KEY, '2023-06-01']);
    assert.equal(headers.authorization, undefined);
    assert.deepEqual(body, {
      ...{ model: 'claude-test', system: 'Be brief.', stream: false, max_tokens: 64, temperature: 0.7 },
      ...{ top_p: 0.9, messages: [{ role: 'user', content: 'What is 1 + 1?' }], metadata: { user_id: 'u' } },
    });
    assert.deepEqual([model.stats().promptTokens, model.stats().completionTokens], [12, 5]);
  });

  it('asks n times for n replies, once at temperature 0, and leaves out what a model refuses', async (t) => {
    const server = await serve(t, ({ index }, response) =>
      sendJson(response, 200, messageOf([text(`reply ${index}`)])),
    );
    const model = await open(t, server, { omitFields: ['temperature'] });
    const three = await model.complete({ ...ASK, n: 3 });
    assert.equal(new Set(three.map((choice) => choice.text)).size, 3);
    assert.equal((await model.complete({ ...ASK, n: 3, temperature: 0 })).length, 3);
    assert.equal(server.seen.length, 4);
    assert.ok(server.seen.every(({ body }) => !('temperature' in body) && !('top_p' in body)));
  });

  it('leaves out the temperature where extra fields ask for a thought', async (t) => {
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf([text('2')])));
    const model = await open(t, server, {
      extra: { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    });
    await model.complete(ASK);
    const unthinking = await open(t, server, { extra: { thinking: { type: 'disabled' } } });
    await unthinking.complete(ASK);
    const [adaptive, disabled] = server.seen.map(({ body }) => body as Record<string, unknown>);
    assert.ok(!('temperature' in adaptive!));
    assert.deepEqual(adaptive!['output_config'], { effort: 'low' });
    assert.equal(disabled!['temperature'], 0.7);
  });

  it('sends the schema of a step as output_config, beside what the user has there; not with a prefill', async (t) => {
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf([text('{"a":1}')])));
    const jsonSchema = {
      type: 'object',
      properties: { a: { type: 'integer', minimum: 1 } },
      required: ['a'],
    };
    const sentWith = async (options: object): Promise<unknown> => {
      const model = await open(t, server, options);
      await model.complete({ ...ASK, jsonSchema });
      return server.seen.at(-1)!.body['output_config'];
    };
    const schema = { ...jsonSchema, properties: { a: { type: 'integer' } }, additionalProperties: false };
    const format = { type: 'json_schema', schema };
    assert.deepEqual(await sentWith({}), { format });
    assert.deepEqual(await sentWith({ extra: { output_config: { effort: 'low' } } }), {
      effort: 'low',
      format,
    });
    assert.deepEqual(await sentWith({ prefill: '{' }), undefined);
    assert.deepEqual(await sentWith({ schemas: 'none' }), undefined);
  });

  it('bounds a thought, and leaves out the temperature with it', async (t) => {
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf([text('2')])));
    const model = await open(t, server);
    await model.complete({ ...ASK, tokensMax: 4096, thinkingTokensMax: 2048 });
    await model.complete(ASK);
    const [bounded, plain] = server.seen.map(({ body }) => body);
    assert.deepEqual(bounded!['thinking'], { type: 'enabled', budget_tokens: 2048 });
    assert.ok(!('temperature' in bounded!));
    assert.ok(!('thinking' in plain!) && 'temperature' in plain!);
  });

  it('keeps thinking apart, counts cached tokens, and puts a prefill before the reply', async (t) => {
    const thought = { type: 'thinking', thinking: 'One and one.', signature: 'x' };
    const usage = {
      ...{ input_tokens: 2, cache_creation_input_tokens: 30, cache_read_input_tokens: 400 },
      output_tokens: 9,
    };
    const content = [thought, { type: 'redacted_thinking', data: 'abc' }, text('is '), text('2')];
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf(content, { usage })));
    const model = await open(t, server, { prefill: 'The sum' });
    const [choice] = await model.complete(ASK);
    assert.deepEqual(choice, {
      ...{ text: 'The sumis 2', finish: 'stop', tokens: 9, reasoning: 'One and one.' },
    });
    assert.deepEqual((server.seen[0]!.body['messages'] as object[])[1], {
      ...{ role: 'assistant', content: 'The sum' },
    });
    assert.equal(model.stats().promptTokens, 432);
    assert.equal(model.stats().notes, undefined);
  });

  for (const [stop_reason, finish] of Object.entries({
    ...{ end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', pause_turn: 'length' },
    ...{ refusal: 'filter', tool_use: 'toolCall', model_context_window_exceeded: 'length' },
  })) {
    it(`reads stop_reason ${stop_reason} as ${finish}`, async (t) => {
      const server = await serve(t, (_, response) =>
        sendJson(response, 200, messageOf([text('2')], { stop_reason })),
      );
      const [choice] = await (await open(t, server)).complete(ASK);
      assert.equal(choice!.finish, finish);
    });
  }

  it('waits for an overloaded service and a limit, also where a gateway wraps them into a 200', async (t) => {
    const refusals: [number, object, Record<string, string>?][] = [
      [529, errorBody('overloaded_error', 'Overloaded')],
      [429, errorBody('rate_limit_error', 'too many tokens'), { 'retry-after': '0' }],
      [200, errorBody('overloaded_error', 'Overloaded')],
      [500, errorBody('api_error', 'Internal server error')],
    ];
    const server = await serve(t, ({ index }, response) => {
      const [status, body, headers] = refusals[index] ?? [200, messageOf([text('2')])];
      sendJson(response, status, body, headers);
    });
    const model = await open(t, server, { retriesMax: 1 });
    assert.equal((await model.complete(ASK))[0]!.text, '2');
    assert.equal(server.seen.length, 5);
  });

  it('ends the run, or rejects the row, as each error means', async (t) => {
    const cases: [number, object, string, RegExp][] = [
      [401, errorBody('authentication_error', `invalid x-api-key ${KEY}`), 'ERR_MODEL_REFUSED', /TEST_KEY/],
      [404, errorBody('not_found_error', 'model: claude-test'), 'ERR_MODEL_REFUSED', /claude-test/],
      [
        ...([413, errorBody('request_too_large', 'too large')] as const),
        ...(['ROW_PROMPT_TOO_LONG', /413/] as const),
      ],
      [
        ...([
          400,
          errorBody('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
        ] as const),
        ...(['ROW_PROMPT_TOO_LONG', /too long/] as const),
      ],
      [
        400,
        errorBody(
          'invalid_request_error',
          '`temperature` and `top_p` cannot both be specified for this model.',
        ),
        ...(['ERR_MODEL_REFUSED', /set omitFields: \[temperature\]/] as const),
      ],
    ];
    for (const [status, body, code, words] of cases) {
      const server = await serve(t, (_, response) => sendJson(response, status, body));
      const [found, message] = await codeOf((await open(t, server)).complete(ASK));
      assert.equal(found, code, message);
      assert.match(message, words);
    }
  });

  it('says what it cannot do before it asks: choosing, scoring, writing a question from nothing', async (t) => {
    const server = await serve(t, (_, response) => sendJson(response, 200, messageOf([])));
    const model = await open(t, server);
    assert.deepEqual(model.can, {
      ...{ preQuery: false, choose: false, score: false, embed: false, boundThought: true },
    });
    const calls = [
      model.choose({ seq: 0, message: ASK.message, options: ['Yes', 'No'] }),
      model.complete({ ...ASK, message: { kind: 'preQuery' } }),
    ];
    for (const call of calls) assert.equal((await codeOf(call))[0], 'ERR_PIPELINE_MODEL');
    assert.equal(server.seen.length, 0);
  });

  it('lets what decides the replies decide the identity', () => {
    const identityOf = (changes: object): string => {
      const options = anthropic.options.parse({ replicas: ['http://h'], model: 'm', ...changes });
      return JSON.stringify(anthropic.describe(options).identity);
    };
    assert.equal(identityOf({ requestsPerMinute: 5, replicas: ['http://other'] }), identityOf({}));
    for (const changes of [
      { system: 's' },
      { prefill: 'p' },
      { omitFields: ['top_p'] },
      { extra: { top_k: 1 } },
    ])
      assert.notEqual(identityOf(changes), identityOf({}));
    assert.ok(!anthropic.options.safeParse({ replicas: ['http://h'], model: 'm', prefill: 'So ' }).success);
  });
});
