// Runs tests that need Python in an environment of their own, made once, and again when its requirements change. A machine
// without Python fails here: these tests are never skipped silently.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `venv`: a folder of the repository. `requirements`, `tests`: absolute paths. `failed`: what a failing test means.
 * `finish`: a script that pip's work needs after it. `atOnce`: how many of the tests' files run at once.
 */
export function runPythonTests({ venv: name, requirements, finish, tests, atOnce, failed }) {
  if (!existsSync(join(root, 'dist', 'src'))) {
    console.error('found no dist/src, expected the compiled sources. Run `npm run build` first.');
    process.exit(1);
  }
  const venv = join(root, name);
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const stamp = join(venv, 'installed.txt');
  if (!existsSync(python)) {
    const hint = 'These tests need Python 3.10 or newer with venv (Debian: python3-venv).';
    run('python3', ['-m', 'venv', venv], hint);
  }
  const steps = finish ? [...requirements, finish] : requirements;
  const wanted = steps.map((file) => readFileSync(file, 'utf8')).join('');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const files = requirements.flatMap((file) => ['-r', file]);
    run(python, ['-m', 'pip', 'install', '--quiet', ...files], 'pip could not install what the tests need.');
    if (finish) run(python, [finish], 'What pip has installed could not be made ready.');
    writeFileSync(stamp, wanted);
  }
  const env = { ...process.env, SCALEQUEST_PYTHON: python, HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1' };
  const concurrency = atOnce ? [`--test-concurrency=${atOnce}`] : [];
  run(process.execPath, ['--test', '--test-reporter=spec', ...concurrency, ...tests], failed, env);
}

function run(command, args, hint, env = process.env) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root, env });
  if (status === 0) return;
  console.error(`\n${command} ${args.join(' ')}: ${error ? error.message : `exit ${status}`}\n${hint}`);
  process.exit(status || 1);
}
