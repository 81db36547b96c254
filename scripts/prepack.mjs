// What `npm pack` and `npm publish` run first: a clean build of src alone, so that nothing of an earlier build is packed.
// Without source maps: the sources are not packed, and the compiled files keep their comments.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status, error } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.package.json')], {
  stdio: 'inherit',
});
if (error) console.error(`${tsc} could not be started: ${error.message}; run \`npm ci\` first`);
process.exit(status ?? 1);
