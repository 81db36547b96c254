import { test } from 'node:test';
import { testsOf, withSteps } from '../../helpers/checkCases.js';

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
