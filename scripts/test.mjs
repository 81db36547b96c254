// Runs the compiled tests: `node scripts/test.mjs [--fast] [part of a path …]`. test/interop needs Python and has its own script.
// `--fast` leaves out the files that run whole pipelines, engines or processes, and runs the others in few processes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test');

/** Files and folders of at least two seconds of CPU each: measured with `/usr/bin/time node --test <file>`. */
const SLOW = [
  ...[
    'bench/',
    'cli/',
    'crash/',
    'models/',
    'pipelines/',
    'process/',
    'sim/',
    'backends/llamaCpp/llamaCpp',
    'backends/openModel',
  ],
  ...[
    'backends/pool/aimdLimit',
    'backends/pool/pool',
    'backends/protocols/openaiBatch',
    'backends/protocols/openai',
  ],
  ...[
    'flow/invariants',
    'flow/stepResults/replayStepResults',
    'flow/sharedStepResults',
    'flow/stepResults/stepResultBytes',
  ],
  ...['grade/compare/sameAnswer', 'grade/worker/', 'io/exports/writeExport', 'io/parquet/'],
  ...[
    'operators/examples',
    'operators/gradeAnswer',
    'operators/lib/evaluation',
    'operators/registry',
    'operators/rewrite',
  ],
  ...['run/', 'store/', 'train/train.', 'train/follow', 'train/data', 'train/launch'],
];

/** Their tests need a process that has loaded nothing else. */
const ALONE = ['flow/steps/stepStreams'];

const isFast = process.argv.includes('--fast');
const wanted = process.argv.slice(2).filter((arg) => arg !== '--fast');
const all = readdirSync(root, { recursive: true })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.test.js') && !file.startsWith('interop/'))
  .sort();
const files = all
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !isFast || !SLOW.some((start) => file.startsWith(start)));
const stale = [...SLOW, ...ALONE].filter((start) => !all.some((file) => file.startsWith(start)));
if (stale.length > 0) {
  console.error(`scripts/test.mjs names tests that do not exist: ${stale.join(', ')}. Correct its lists.`);
  process.exit(1);
}
if (files.length === 0) {
  const among = wanted.length > 0 ? ` with ${wanted.join(' or ')} in its path` : '';
  console.error(
    `found no test file${among}; expected some under ${relative(process.cwd(), root)}. Run \`npm run build\` first.`,
  );
  process.exit(1);
}

/** Two at a time: some start engine processes, and the machine may have two cores. */
function run(paths) {
  const args = ['--test', '--test-reporter=spec', '--test-concurrency=2', ...paths];
  return new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: 'inherit' }).on('exit', (code) => resolve(code ?? 1));
  });
}

/** A process a file costs half a second, which is most of the time of a small test: a few processes import many files each. */
async function runInFewProcesses(names) {
  const alone = names.filter((name) => ALONE.some((start) => name.startsWith(start)));
  const together = names.filter((name) => !alone.includes(name));
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-test-'));
  const groups = Array.from({ length: 4 }, (_, at) => together.filter((_, index) => index % 4 === at));
  const entries = groups.map((group, at) => {
    const path = join(folder, `group${at}.test.mjs`);
    writeFileSync(
      path,
      group.map((name) => `import ${JSON.stringify(pathToFileURL(join(root, name)).href)};\n`).join(''),
    );
    return path;
  });
  try {
    return await run([...entries, ...alone.map((name) => join(root, name))]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exit(isFast ? await runInFewProcesses(files) : await run(files.map((name) => join(root, name))));
