// `npm run test:domains`: pipelines that people copy, end to end on a model that was tuned on dialogues: SmolLM2 135M Instruct.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-domains',
  requirements: [join(here, '..', 'interop', 'requirements-serve.txt')],
  finish: join(here, 'fetchModel.py'),
  tests: ['sql.test.mjs', 'code.test.mjs', 'texts.test.mjs'].map((name) => join(here, name)),
  // Each starts two servers of one thread.
  atOnce: 1,
  failed: 'A pipeline does not do on a real model what its page says; see above.',
});
