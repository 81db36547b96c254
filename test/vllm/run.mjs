// `npm run test:vllm`: the client against vLLM itself, on a CPU, with the bundled model.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-vllm',
  requirements: [join(here, 'requirements.txt')],
  finish: join(here, 'finishInstall.py'),
  tests: ['scores.test.mjs'].map((name) => join(here, name)),
  // Each starts servers, which take the whole machine while they start.
  atOnce: 1,
  failed: 'The client disagrees with vLLM; see above.',
});
