import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openModel } from '../../src/backends/openModel.js';
import { type ModelConfig, describeModel, modelSchema } from '../../src/backends/registry.js';
import { ScaleQuestError } from '../../src/errors.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SERVER = { replicas: ['http://127.0.0.1:1/v1'], model: 'm' };

function parse(config: unknown): ModelConfig {
  return modelSchema.parse(config);
}

describe('modelSchema', () => {
  it('takes one kind of model, with a template', () => {
    assert.ok('llamaCpp' in parse({ llamaCpp: { path: 'a.gguf' } }));
    assert.ok('openai' in parse({ openai: SERVER, template: 'chatml' }));
  });

  it('refuses none, two, and keys that it does not know', () => {
    for (const config of [
      {},
      { template: 'chatml' },
      { llamaCpp: { path: 'a.gguf' }, openai: SERVER },
      { llamaCpp: { path: 'a.gguf', thread: 4 } },
      { openai: { ...SERVER, key: 'sk' } },
      { openai: SERVER, temperature: 1 },
    ]) {
      assert.equal(modelSchema.safeParse(config).success, false, JSON.stringify(config));
    }
  });

  it('helps with every option', () => {
    const json = z.toJSONSchema(modelSchema, { io: 'input' }) as { anyOf: { properties: object }[] };
    for (const { properties } of json.anyOf) {
      for (const kind of Object.values(properties) as {
        properties?: Record<string, { description?: string }>;
      }[]) {
        for (const [key, { description }] of Object.entries(kind.properties ?? {})) {
          assert.match(description ?? '', /\w+.*\.$/, key);
        }
      }
    }
  });
});

describe('describeModel', () => {
  it('tells what a model can do without opening it', () => {
    assert.deepEqual(describeModel(parse({ llamaCpp: { path: 'a.gguf' } })).can, {
      ...{ preQuery: true, choose: true, score: false, embed: false },
    });
    assert.deepEqual(describeModel(parse({ openai: SERVER })).can, {
      ...{ preQuery: true, choose: true, score: false, embed: false },
    });
    assert.deepEqual(describeModel(parse({ openai: { ...SERVER, protocol: 'chat' } })).can, {
      ...{ preQuery: false, choose: true, score: false, embed: false },
    });
  });

  it('tells apart what decides replies, and nothing else', () => {
    const of = (config: unknown): string => JSON.stringify(describeModel(parse(config)).identity);
    const base = of({ llamaCpp: { path: 'a.gguf' } });
    assert.equal(of({ llamaCpp: { path: 'a.gguf', processes: 3, sequences: 2 } }), base);
    assert.notEqual(of({ llamaCpp: { path: 'a.gguf', contextTokens: 64 } }), base);
    assert.notEqual(of({ llamaCpp: { path: 'a.gguf' }, template: 'chatml' }), base);
    const served = of({ openai: SERVER });
    assert.equal(
      of({
        openai: {
          ...SERVER,
          replicas: ['https://b/v1'],
          apiKeyEnv: 'KEY',
          requestsInFlightMax: 1,
          timeoutMs: 5,
        },
      }),
      served,
    );
    assert.notEqual(of({ openai: { ...SERVER, model: 'n' } }), served);
  });
});

describe('openModel', () => {
  it('starts relative paths at the folder', async () => {
    const model = await openModel(
      'tiny',
      { llamaCpp: { path: './models/tiny.gguf', processes: 1, sequences: 1 } },
      { env: {}, folder: ROOT },
    );
    assert.equal(model.name, 'tiny');
    await model.close();
    await assert.rejects(
      openModel(
        'tiny',
        { llamaCpp: { path: 'tiny.gguf', processes: 1 } },
        { env: {}, folder: join(ROOT, 'docs') },
      ),
      (error: Error) =>
        error instanceof ScaleQuestError &&
        error.code === 'ERR_MODEL_LOAD' &&
        error.message.includes(join(ROOT, 'docs', 'tiny.gguf')),
    );
  });

  it('opens a server without asking it anything, and takes its key from the given environment', async () => {
    const config = { openai: { ...SERVER, apiKeyEnv: 'KEY' } };
    const model = await openModel('served', config, { env: { KEY: 'sk-1' }, folder: ROOT });
    assert.deepEqual(model.can, {
      ...{ preQuery: true, choose: true, score: false, embed: false },
    });
    assert.equal(model.stats().requests, 0);
    await model.close();
    await assert.rejects(
      openModel('served', config, { env: {}, folder: ROOT }),
      (error: Error) =>
        error instanceof ScaleQuestError && error.code === 'ERR_MODEL_LOAD' && /KEY/.test(error.message),
    );
  });
});
