// `npm run docs:api`: the reference of the library's exports, from their doc comments, into dist/api. An export, an option or a
// field without a doc comment, and a link that leads nowhere, is an error.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const isWindows = process.platform === 'win32';

const installed = join(here, 'node_modules', '.package-lock.json');
if (
  !existsSync(installed) ||
  statSync(installed).mtimeMs < statSync(join(here, 'package-lock.json')).mtimeMs
) {
  run(isWindows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund'], { shell: isWindows });
}
// Loaded only now: it may just have been installed.
await import('./reference.mjs');

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: 'inherit', ...options });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
