import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATE, testsOf, withSteps } from '../../../helpers/texts/checkCases.js';
import { problemsOf } from '../../../helpers/runs/pipelineWorld.js';

for (const [name, check] of testsOf([
  [
    'unknown model',
    withSteps('generate: { generators: [{ model: tiny }, { model: tyni }] }'),
    [
      'ERR_PIPELINE_MODEL',
      '5:56',
      'steps.0.generate.generators.1.model',
      /no model is called "tyni"; did you mean "tiny"\?/,
    ],
  ],
  [
    'a chat model asked for questions',
    withSteps('generate: { generators: [{ model: chat }] }'),
    [
      'ERR_PIPELINE_MODEL',
      '5:39',
      'steps.0.generate.generators.0.model',
      /chat cannot be given a bare user message; .*protocol: completions/,
    ],
  ],
  [
    'a model that writes text asked for vectors',
    withSteps(GENERATE, 'deduplicate: { by: embedding, model: tiny, similarityMin: 0.9 }'),
    [
      'ERR_PIPELINE_MODEL',
      '6:42',
      'steps.1.deduplicate.model',
      /tiny gives no vectors; expected an embedding model \(embeddings\)/,
    ],
  ],
]))
  test(name, check);

test('a service without probabilities answers, and cannot choose', async () => {
  const models =
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, ' +
    'claude: { anthropic: { replicas: ["http://h"], model: m } } }';
  const steps = ['respond: { model: claude }', 'judgeSolvability: { model: claude, method: probability }'];
  const lines = [GENERATE, ...steps].map((step) => `  - ${step}`);
  const problems = await problemsOf(['name: hosted', 'limit: 8', models, 'steps:', ...lines, ''].join('\n'));
  assert.equal(problems.length, 1);
  assert.match(problems[0]!.message, /claude cannot give the probabilities of replies/);
});

test('a thought is bounded by a server that is known to do so', async () => {
  const models =
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, ' +
    'plain: { openai: { replicas: ["http://h"], model: m } }, ' +
    'bounded: { openai: { replicas: ["http://h"], model: m, thinkingBudget: vllm } }, ' +
    'claude: { anthropic: { replicas: ["http://h"], model: m } } }';
  const problemsWith = (model: string) => {
    const steps = [GENERATE, `respond: { model: ${model}, thinkingTokensMax: 1024 }`];
    const lines = steps.map((step) => `  - ${step}`);
    return problemsOf(['name: hosted', 'limit: 8', models, 'steps:', ...lines, ''].join('\n'));
  };
  for (const model of ['bounded', 'claude']) await assert.rejects(problemsWith(model), /found no mistake/);
  for (const model of ['plain', 'tiny']) {
    const [problem, ...others] = await problemsWith(model);
    assert.deepEqual([others, problem!.code], [[], 'ERR_PIPELINE_MODEL']);
    assert.match(problem!.message, /has no server that is known .*openai with `thinkingBudget`, .*anthropic/);
  }
});
