// `npm run test:monitors`: a real Prometheus reads a run, and a receiver with the official protocol buffers is sent one.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-monitors',
  requirements: [join(here, 'requirements.txt')],
  tests: ['prometheus.test.mjs', 'otlp.test.mjs'].map((name) => join(here, name)),
  failed: 'A monitor was not told what the run did; see above.',
  atOnce: 1,
});
