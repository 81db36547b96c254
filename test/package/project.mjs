// An empty TypeScript project somewhere else, into which the packed package is installed from the registry as a user would.
import { spawn } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const COMMAND_MS_MAX = 300_000;

/** Runs a program to its end; `output` is what it printed, to both streams. */
export function run(command, args, cwd) {
  const isNpm = command === 'npm' || command === 'npx';
  const child = spawn(command, args, {
    cwd,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: isNpm && process.platform === 'win32',
    timeout: COMMAND_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** Without what `npm run` adds: it names the scripts and settings of this repository. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)/i.test(name)));
}

/** As `run`; throws where the program fails. */
export async function runOk(command, args, cwd) {
  const { code, output } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/** Removed when the process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-package-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Packs a copy of the repository's files, for packing builds anew and others use what is built here. Gives the archive. */
export async function pack() {
  const folder = temporaryFolder();
  const listed = await runOk('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT);
  const copy = join(folder, 'repository');
  for (const path of listed.split('\0').filter(Boolean)) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path), { errorOnExist: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const printed = await runOk('npm', ['pack', '--json', '--silent', '--pack-destination', folder], copy);
  // What prepack prints stands before it.
  const described = JSON.parse(printed.slice(printed.search(/^[[{]$/m)));
  const [one] = Object.values(described);
  return { archive: join(folder, one.filename), files: one.files.map(({ path }) => path) };
}

export function createProject(packageJson = {}) {
  const folder = temporaryFolder();
  const described = { name: 'project', version: '1.0.0', private: true, type: 'module', ...packageJson };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(described));
  return folder;
}

export function install(folder, ...what) {
  return runOk('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...what], folder);
}

/** What the files of a folder take on the disk. */
export function diskBytes(folder) {
  return readdirSync(folder, { recursive: true }).reduce((sum, path) => {
    const { blocks, size } = lstatSync(join(folder, path));
    return sum + (blocks === undefined ? size : blocks * 512);
  }, 0);
}
