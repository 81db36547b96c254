// `npm run test:gguf`: the embedded engine on a model that others made, with a vocabulary of 262,144 tokens: Gemma 3 270M.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-gguf',
  requirements: [join(here, 'requirements.txt')],
  finish: join(here, 'makeModels.py'),
  tests: ['cost.test.mjs', 'independence.test.mjs', 'prompts.test.mjs'].map((name) => join(here, name)),
  // An engine process has one thread. What is measured is CPU, by turns.
  atOnce: 2,
  failed: 'The embedded engine does not do what it should with a model of others; see above.',
});
