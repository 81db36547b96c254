// `npm run test:interop`: other readers of what we write, and a real server.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));

runPythonTests({
  venv: '.venv-interop',
  requirements: ['requirements.txt', 'requirements-serve.txt'].map((name) => join(here, name)),
  tests: ['parquet.test.mjs', 'serve.test.mjs'].map((name) => join(here, name)),
  failed: 'A reader disagrees with what was written, or the client with a real server; see above.',
});
