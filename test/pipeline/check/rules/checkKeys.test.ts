import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';

const TEXT = `name: keyed
limit: 2
models:
  asked: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: x, apiKeyEnv: ASKED_KEY } }
  idle: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: x, apiKeyEnv: IDLE_KEY } }
steps:
  - generate: { generators: [{ model: asked }] }
  - { enabled: false, respond: { model: idle } }
`;

test('a key that a run would lack is told where its variable is named', async () => {
  const [found, ...more] = await problemsOf(TEXT, { needsKeys: true });
  assert.deepEqual(more, []);
  assert.equal(found!.code, 'ERR_PIPELINE_MODEL');
  assert.match(found!.message, /:4:80 models\.asked\.openai\.apiKeyEnv: .*ASKED_KEY, which is not set/);
});

test('what a server is to be given must be set', async () => {
  const text = TEXT.replace(
    'apiKeyEnv: ASKED_KEY',
    'apiKeyEnv: ASKED_KEY, serve: { command: [vllm], env: [HOME_SET, GONE] }',
  );
  const env = { ASKED_KEY: 'k-0123456789', HOME_SET: 'x' };
  const [found, ...more] = await problemsOf(text, { needsKeys: true, env });
  assert.deepEqual(more, []);
  assert.match(found!.message, /models\.asked\.openai\.serve\.env: the environment variable GONE is not set/);
});

test('white space is no key, and a key with a line end within is none either', async () => {
  for (const [key, message] of [
    [' \n', /which is not set/],
    ['secret-one\nsecret-two', /ASKED_KEY of model asked does not hold a key/],
  ] as const) {
    const [found] = await problemsOf(TEXT, { needsKeys: true, env: { ASKED_KEY: key } });
    assert.match(found!.message, message);
    assert.doesNotMatch(found!.message, /secret/);
  }
});

test('with the key, and where none is needed by now, nothing is said', async () => {
  await checkText(TEXT, [], { needsKeys: true, env: { ASKED_KEY: 'k-0123456789' } });
  await checkText(TEXT);
});
