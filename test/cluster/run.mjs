// `npm run test:cluster`: the printed batch script on a real Slurm. It needs Debian's slurm-wlm and munge, and root, whose processes
// Slurm's are here. A machine without them fails: these tests are never skipped silently.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

const missing = ['slurmctld', 'slurmd', 'munged', 'sbatch'].filter(
  (command) => spawnSync(command, ['--version']).error !== undefined,
);
if (missing.length > 0) {
  console.error(
    `found no ${missing.join(', ')}, expected a Slurm. On Debian: apt-get install slurm-wlm munge`,
  );
  process.exit(1);
}
if (process.getuid() !== 0) {
  console.error(
    'found a user who is not root, expected root: Slurm starts jobs of other users. Run it in a container.',
  );
  process.exit(1);
}
if (!existsSync(join(here, '..', '..', 'dist', 'src'))) {
  console.error('found no dist/src, expected the compiled sources. Run `npm run build` first.');
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', join(here, 'slurm.test.mjs')],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
