// `npm run test:train`: real trainings with TRL and Hugging Face's Trainer, on a CPU.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-train',
  requirements: [join(here, 'requirements.txt')],
  tests: ['trl.test.mjs', 'exports.test.mjs', 'scorer.test.mjs', 'chain.test.mjs'].map((name) =>
    join(here, name),
  ),
  failed: 'A training went otherwise than the docs say; see above.',
});
