import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompleteRequest } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { openai } from '../../../src/backends/protocols/openai.js';
import { THINKING_SERVERS } from '../../../src/backends/protocols/thinkingBudget.js';
import { completionOf, sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

const ASK: CompleteRequest = {
  ...{ seq: 0, message: { kind: 'user', text: 'What is 1 + 1?' }, n: 1, tokensMax: 64 },
  ...{ temperature: 0.7, topP: 0.95, seed: 42 },
};

const FIELDS = {
  vllm: { thinking_token_budget: 32 },
  sglang: { custom_params: { thinking_budget: 32 } },
  llamaCpp: { thinking_budget_tokens: 32 },
  openRouter: { reasoning: { max_tokens: 32 } },
};

for (const thinkingBudget of THINKING_SERVERS) {
  test(`${thinkingBudget} is told the bound of a thought in its own field, and nothing without one`, async (t) => {
    const server = await startFaultServer((_, response) => sendJson(response, 200, completionOf(['4'])));
    t.after(() => server.stop());
    const options = { replicas: [server.url], model: 'm', protocol: 'chat' as const, thinkingBudget };
    const model = await openModel('solver', { openai: options }, { env: {}, folder: '.' });
    t.after(() => model.close());
    assert.equal(model.can.boundThought, true);
    await model.complete({ ...ASK, thinkingTokensMax: 32 });
    await model.complete(ASK);
    const [bounded, plain] = server.seen.map(({ body }) => body);
    assert.deepEqual(bounded, { ...plain, ...FIELDS[thinkingBudget] });
    assert.ok(Object.keys(FIELDS[thinkingBudget]).every((field) => !(field in plain!)));
  });
}

const BASE = { replicas: ['http://h/v1'], model: 'm' };

test('only vLLM bounds the thought of a raw prompt', () => {
  for (const thinkingBudget of THINKING_SERVERS) {
    const parsed = openai.options.safeParse({ ...BASE, thinkingBudget });
    assert.equal(parsed.success, thinkingBudget === 'vllm');
  }
});

test('extra does not overwrite the field', () => {
  const options = { ...BASE, thinkingBudget: 'vllm', extra: { thinking_token_budget: 5 } };
  const [issue] = openai.options.safeParse(options).error!.issues;
  assert.deepEqual(issue!.path, ['extra', 'thinking_token_budget']);
  assert.ok(openai.options.safeParse({ ...options, thinkingBudget: undefined }).success);
});

test('a model without the option is as ever', () => {
  const identityOf = (changes: object) => openai.describe(openai.options.parse({ ...BASE, ...changes }));
  assert.ok(!JSON.stringify(identityOf({})).includes('thinkingBudget'));
  assert.equal(identityOf({}).can.boundThought, undefined);
  assert.ok(JSON.stringify(identityOf({ thinkingBudget: 'vllm' }).identity).includes('vllm'));
});
