import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modelSchemas } from '../../../src/backends/registry.js';
import { PAIRS, codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

/** As vLLM 0.11 and later answer: one number a text, or a list of one for each token. */
function poolingOf(values: readonly unknown[]): object {
  const data = values.map((value, index) => ({ index, object: 'pooling', data: value }));
  return { id: 'pool-1', object: 'list', created: 1, model: 'rm', data: data.toReversed(), usage: {} };
}

describe('openPooling', () => {
  it('sends messages, one dialogue a request, beside /v1', async () => {
    const server = await serve((body) => {
      const messages = body['messages'] as { content: string }[];
      return poolingOf([[Number(messages.at(-1)!.content) - 10]]);
    });
    const model = await openKind('pooling', server.url, { extra: { use_activation: false } });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [-8, -7, -6]);
    assert.equal(server.seen[0]!.path, '/pooling');
    assert.deepEqual(server.seen[0]!.body, {
      use_activation: false,
      model: 'rm',
      messages: [
        { role: 'user', content: '1+1?' },
        { role: 'assistant', content: '2' },
      ],
    });
    assert.deepEqual(await model.score({ seq: 1, items: [{ user: '7', assistant: null }] }), [-3]);
    assert.deepEqual(server.seen.at(-1)!.body['messages'], [{ role: 'user', content: '7' }]);
  });

  it('sends texts by the template, several a request, and takes the last token’s reward', async () => {
    const server = await serve(() => poolingOf([[[9], [0.25]], [[9], [9], [-1.5]], [[3]]]));
    const model = await openKind('pooling', `${server.url.replace('/v1', '')}/v1/`, { input: 'text' });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [0.25, -1.5, 3]);
    assert.equal(server.seen.length, 1);
    assert.equal(server.seen[0]!.path, '/pooling');
    assert.equal(
      (server.seen[0]!.body['input'] as string[])[1],
      '<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n3<|im_end|>\n',
    );
  });

  it('says so when the model is no scalar reward model', async () => {
    const server = await serve(() => poolingOf([[0.1, 0.2]]));
    const model = await openKind('pooling', server.url);
    const code = await codeOf(model.score({ seq: 0, items: PAIRS.slice(0, 1) }));
    assert.equal(code, 'ERR_MODEL_PROTOCOL');
  });

  it('rejects the row for a null, and for no number at all', async () => {
    for (const data of [[null], [], [[null]]]) {
      const server = await serve(() => poolingOf([data]));
      const model = await openKind('pooling', server.url);
      assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS.slice(0, 1) })), 'ROW_SCORE_INVALID');
    }
  });

  it('refuses messages for InternLM2’s reward models, whose chat template ends before the reward', () => {
    const accepts = (options: object): boolean =>
      modelSchemas.pooling.safeParse({ pooling: { replicas: ['http://a'], ...options } }).success;
    for (const model of ['internlm/internlm2-7b-reward', 'internlm2-1_8b-reward']) {
      assert.equal(accepts({ model }), false);
      assert.equal(accepts({ model, input: 'text' }), true);
      assert.equal(accepts({ model, extra: { chat_template: '…' } }), true);
    }
    assert.equal(accepts({ model: 'Qwen/Qwen2.5-Math-RM-72B' }), true);
  });

  it('leaves model and input to the framework', () => {
    const options = { replicas: ['http://a'], model: 'm', extra: { messages: [] } };
    assert.equal(modelSchemas.pooling.safeParse({ pooling: options }).success, false);
  });
});
