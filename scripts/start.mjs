// `npm start`: installs what is needed, builds, and runs the quickstart. Needs nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const least = [20, 18, 1];
const found = process.versions.node.split('.').map(Number);
const at = least.findIndex((number, index) => number !== found[index]);
if (at >= 0 && found[at] < least[at]) {
  console.error(
    `found Node ${process.versions.node}, expected ${least.join('.')} or newer: see https://nodejs.org`,
  );
  process.exit(1);
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  step('Installing packages (about 270 MB, once)', npm(), ['ci', '--no-audit', '--no-fund']);
}
step('Building', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
step('Joining modules', process.execPath, [join(root, 'scripts', 'bundle.mjs')]);
step('Running pipelines/quickstart.yaml on the bundled model', process.execPath, [
  join(root, 'dist', 'src', 'cli', 'main.js'),
  'run',
  join('pipelines', 'quickstart.yaml'),
  ...process.argv.slice(2),
]);

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

function step(title, command, args) {
  console.error(`\n> ${title}`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: command.endsWith('.cmd'),
  });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  if (signal || status !== 0) process.exit(status ?? 1);
}
