import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATE, testsOf, withSteps } from '../../helpers/checkCases.js';
import { problemsOf } from '../../helpers/pipelineWorld.js';

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
