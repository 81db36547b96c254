import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../src/backends/registry.js';
import {
  type CallNames,
  callAttributes,
  callName,
  modelNames,
  serverAttributes,
} from '../../../src/metrics/otlp/callAttributes.js';
import type { CalledEvent } from '../../../src/run/events.js';

const EVENT: CalledEvent = {
  ...{ event: 'called', step: 'respond', model: 'solver', kind: 'complete', seq: 3 },
  ...{ startedMs: 1, tookMs: 2, tries: 2, promptTokens: 10, completionTokens: 20, isStoreHit: false },
};

const NAMES: CallNames = {
  ...{
    provider: 'openai',
    model: 'Qwen/Qwen2',
    operation: 'chat',
    step: 'respond',
    name: 'solver',
    server: {},
  },
};

test('models are called as their servers call them', () => {
  const chat = modelSchema.parse({
    openai: { replicas: ['http://127.0.0.1:1/v1'], model: 'Qwen/Qwen2', protocol: 'chat' },
  });
  assert.deepEqual(modelNames('solver', chat), {
    provider: 'openai',
    model: 'Qwen/Qwen2',
    operation: 'chat',
  });
  const own = modelSchema.parse({ llamaCpp: { path: 'm.gguf' }, template: 'qwen2-math' });
  assert.deepEqual(modelNames('tiny', own), {
    provider: 'llama_cpp',
    model: 'tiny',
    operation: 'text_completion',
  });
  assert.equal(modelNames('gone', undefined).model, 'gone');
});

test('a span is named by operation and model', () => {
  assert.equal(callName(EVENT, NAMES), 'chat Qwen/Qwen2');
  assert.equal(callName({ ...EVENT, kind: 'embed' }, NAMES), 'embeddings Qwen/Qwen2');
  assert.equal(callName({ ...EVENT, kind: 'score' }, NAMES), 'score Qwen/Qwen2');
});

test('attributes of the conventions, and of our own', () => {
  const attributes = callAttributes(
    { ...EVENT, choices: 5, tokensMax: 8, temperature: 0, topP: 1, finishes: ['stop', 'filter', 'toolCall'] },
    NAMES,
  );
  assert.equal(attributes['gen_ai.request.choice.count'], 5);
  assert.equal(attributes['gen_ai.request.temperature'], 0);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop', 'content_filter', 'tool_calls']);
  assert.deepEqual(
    [attributes['gen_ai.usage.input_tokens'], attributes['gen_ai.usage.output_tokens']],
    [10, 20],
  );
  assert.deepEqual([attributes['scalequest.call.tries'], attributes['scalequest.row.seq']], [2, 3]);
  assert.equal('gen_ai.request.choice.count' in callAttributes({ ...EVENT, choices: 1 }, NAMES), false);
  assert.equal(callAttributes({ ...EVENT, code: 'ROW_MARKER' }, NAMES)['error.type'], 'ROW_MARKER');
});

test('of an address, host and port are told, and no password, path or query', () => {
  assert.deepEqual(serverAttributes('https://me:secret@gpu7/v1?key=secret'), {
    ...{ 'server.address': 'gpu7', 'server.port': 443 },
  });
  assert.deepEqual(serverAttributes('http://[::1]:8000/v1'), {
    'server.address': '[::1]',
    'server.port': 8000,
  });
  assert.deepEqual(serverAttributes('no address'), {});
});
