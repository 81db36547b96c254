// Turns one safeguard off at a time, in a copy of the compiled code, and sees the simulated crashes find it:
//   npm run test:mutants -- [--only=PART OF A NAME] [--stride=3] [--seconds=N] [--from=N]
// With --seconds it begins at mutant --from, or at a random one, and starts no other when the time is up.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { printTable } from '../../src/run/report/report.js';
import { MUTANTS, type Mutant } from './mutantList.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    stride: { type: 'string', default: '3' },
    seconds: { type: 'string', default: 'Infinity' },
    from: { type: 'string' },
  },
});

interface Verdict {
  isCaught: boolean;
  by: string;
}

function tryMutant(mutant: Mutant | null): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-mutant-'));
  try {
    cpSync(join(PACKAGE_FOLDER, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(PACKAGE_FOLDER, 'package.json'), join(folder, 'package.json'));
    for (const name of ['node_modules', 'pipelines', 'models'])
      symlinkSync(join(PACKAGE_FOLDER, name), join(folder, name), 'dir');
    if (mutant) patch(join(folder, 'dist', 'src', mutant.file), mutant);
    const { test } = mutant ?? {};
    const pattern = test?.name === undefined ? [] : [`--test-name-pattern=${test.name}`];
    const args = test
      ? ['--test', '--test-reporter=tap', ...pattern, join(folder, 'dist/test', test.file)]
      : [join(folder, 'dist/test/crash/main.js'), '--part=simulated', `--stride=${values.stride}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 300_000,
      env: { ...process.env, ALL_CASES: '1' },
    });
    if (status === 0) return { isCaught: false, by: '' };
    return { isCaught: true, by: test ? firstFailed(stdout) : firstError(stderr) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function patch(path: string, { name, before, after, and = [] }: Mutant): void {
  let text = readFileSync(path, 'utf8');
  for (const change of [{ before, after }, ...and]) {
    const found = text.split(change.before).length - 1;
    if (found !== 1)
      throw new Error(`${name}: found "${change.before}" ${found} times in ${path}, expected once`);
    text = text.replace(change.before, () => change.after);
  }
  writeFileSync(path, text);
}

function firstError(stderr: string): string {
  return short(stderr.match(/^\w*Error(?: \[\w+\])?: (.*)$/m)?.[1] ?? (stderr.trim() || 'it did not end'));
}

function firstFailed(stdout: string): string {
  return short(stdout.match(/^ *not ok \d+ - (.*)$/m)?.[1] ?? 'it did not end');
}

function short(text: string): string {
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}

const unchanged = tryMutant(null);
if (unchanged.isCaught) throw new Error(`the unchanged code fails: ${unchanged.by}`);
const rows: string[][] = [];
const wanted = MUTANTS.filter(({ name }) => name.includes(values.only));
const isBounded = values.seconds !== 'Infinity';
const from = Number(values.from ?? (isBounded ? Date.now() : 0)) % Math.max(1, wanted.length);
for (const mutant of [...wanted.slice(from), ...wanted.slice(0, from)]) {
  if (performance.now() > Number(values.seconds) * 1000) break;
  const { isCaught, by } = tryMutant(mutant);
  rows.push([mutant.name, isCaught ? by : 'NOT FOUND']);
  console.error(rows.at(-1)!.join(': '));
  if (!isCaught) process.exitCode = 1;
}
console.log(printTable(['safeguard turned off', 'found by'], rows));
console.log(`${rows.length} of ${wanted.length}, from number ${from} on`);
