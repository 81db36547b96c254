// `npm run test:cluster`: the printed batch script on a real Slurm, and a run that is submitted to a real Ray; `-- slurm` or `-- ray` does one
// of them. Slurm needs Debian's slurm-wlm and munge, and root, whose processes its jobs are here. Ray is installed once (400 MB). A machine
// without them fails: these tests are never skipped silently.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPythonTests } from '../../scripts/pythonTests.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['slurm', 'ray'];

if (wanted.includes('slurm')) testSlurm();
if (wanted.includes('ray'))
  runPythonTests({
    venv: '.venv-ray',
    requirements: [join(here, 'requirements.txt')],
    tests: [join(here, 'ray.test.mjs')],
    failed: 'A run on Ray is not as it should be; see above.',
  });

function testSlurm() {
  const missing = ['slurmctld', 'slurmd', 'munged', 'sbatch'].filter(
    (command) => spawnSync(command, ['--version']).error !== undefined,
  );
  if (missing.length > 0)
    fail(`found no ${missing.join(', ')}, expected a Slurm. On Debian: apt-get install slurm-wlm munge`);
  if (process.getuid() !== 0)
    fail(
      'found a user who is not root, expected root: Slurm starts jobs of other users. Run it in a container.',
    );
  if (!existsSync(join(here, '..', '..', 'dist', 'src')))
    fail('found no dist/src, expected the compiled sources. Run `npm run build` first.');
  const test = ['--test', '--test-reporter=spec', join(here, 'slurm.test.mjs')];
  const { status } = spawnSync(process.execPath, test, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
