import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modelSchemas } from '../../../src/backends/registry.js';
import { PAIRS, codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

const TEMPLATE = { pair: '{{ user }} => {{ assistant }}', user: 'Q: {{ user }}' };

function classesOf(rows: readonly (readonly unknown[])[]): object {
  const data = rows.map((probs, index) => ({ index, label: 'LABEL_0', probs, num_classes: probs.length }));
  return { id: 'classify-1', object: 'list', model: 'rm', data, usage: { prompt_tokens: 4 } };
}

describe('openClassify', () => {
  it('asks vLLM for several texts at once and takes the chosen class', async () => {
    const server = await serve(() =>
      classesOf([
        [0.1, 0.9],
        [0.2, 0.8],
        [0.5, 0.5],
      ]),
    );
    const model = await openKind('classify', server.url, { classIndex: 1 }, { template: TEMPLATE });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [0.9, 0.8, 0.5]);
    assert.equal(server.seen[0]!.path, '/classify');
    assert.deepEqual(server.seen[0]!.body, { model: 'rm', input: ['1+1? => 2', '1+1? => 3', '1+1? => 4'] });
  });

  it('sends a question alone by its own form', async () => {
    const server = await serve(() => classesOf([[0.75]]));
    const model = await openKind('classify', server.url, {}, { template: TEMPLATE });
    assert.deepEqual(await model.score({ seq: 0, items: [{ user: '1+1?', assistant: null }] }), [0.75]);
    assert.deepEqual(server.seen[0]!.body['input'], ['Q: 1+1?']);
  });

  it('sends messages where asked to', async () => {
    const server = await serve(() => classesOf([[-3.25]]));
    const model = await openKind('classify', server.url, { input: 'messages' });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [-3.25, -3.25, -3.25]);
    assert.equal((server.seen[2]!.body['messages'] as unknown[]).length, 2);
  });

  it('speaks SGLang’s: text asked, embeddings answered, also one alone', async () => {
    const server = await serve((body) => {
      const texts = body['text'] as string[];
      const one = (text: string) => ({ embedding: [text.length], meta_info: { prompt_tokens: 5 } });
      return texts.length === 1 ? one(texts[0]!) : texts.map(one);
    });
    const options = { server: 'sglang', itemsPerRequestMax: 2 };
    const model = await openKind('classify', server.url, options, { template: TEMPLATE });
    const items = [...PAIRS.slice(0, 2), { user: '1+1?', assistant: 'four' }];
    assert.deepEqual(await model.score({ seq: 0, items }), [9, 9, 12]);
    assert.deepEqual(server.seen[0]!.body, { model: 'rm', text: ['1+1? => 2', '1+1? => 3'] });
    assert.equal(model.stats().promptTokens, 15);
  });

  it('says so when the model has fewer classes', async () => {
    const server = await serve(() => classesOf([[0.1], [0.2], [0.3]]));
    const model = await openKind('classify', server.url, { classIndex: 1 });
    assert.equal(await codeOf(model.score({ seq: 0, items: PAIRS })), 'ERR_MODEL_PROTOCOL');
  });

  it('has no messages with SGLang', () => {
    const options = { replicas: ['http://a'], model: 'm', server: 'sglang', input: 'messages' };
    assert.equal(modelSchemas.classify.safeParse({ classify: options }).success, false);
  });
});
