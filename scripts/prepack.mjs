// What `npm pack` and `npm publish` run first: a clean build of src alone, so that nothing of an earlier build is packed.
// Without source maps: the sources are not packed, and the files of the bundle keep their comments.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
runScript(tsc, '-p', join(root, 'tsconfig.package.json'));
runScript(tsc, '-p', join(root, 'src', 'page'));
runScript(join(root, 'scripts', 'bundle.mjs'));

function runScript(script, ...args) {
  const { status, error } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' });
  if (error) console.error(`${script} could not be started: ${error.message}; run \`npm ci\` first`);
  if (status !== 0) process.exit(status ?? 1);
}
