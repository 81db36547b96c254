// Runs the compiled tests: `node scripts/test.mjs [--fast] [part of a path …]`. test/interop needs Python and has its own script.
// `--fast` leaves out the files that run whole pipelines, engines or processes.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './runTests.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test');

/**
 * Files, or folders of files, that take more than a second of CPU: each file has a process of its own. They start in this order,
 * longest first, so that no long one is left for the end. Measured with `/usr/bin/time node --test <file>`.
 */
const SLOW = [
  ...['cli/faults', 'crash/killed', 'pipelines/pipelines', 'backends/llamaCpp/llamaCpp'],
  ...['run/determinism', 'operators/examples', 'cli/commands/store', 'run/replay.', 'pipelines/qpo'],
  ...['flow/stepResults/replayStepResults', 'cli/commands/chain', 'flow/invariants', 'cli/commands/run'],
  ...['flow/sharedStepResults', 'cli/commands/train', 'io/parquet/shardWriter', 'crash/simulated'],
  ...['grade/compare/sameAnswer', 'backends/pool/aimdLimit', 'grade/worker/grader.', 'bench/', 'sim/'],
  ...['operators/rewrite', 'cli/keys', 'backends/pool/pool', 'operators/gradeAnswer', 'run/runPipeline'],
  ...['backends/openModel', 'run/chain/', 'run/serverFaults', 'run/report/figures', 'cli/evaluate'],
  ...[
    'store/stepResults',
    'flow/stepResults/stepResultBytes',
    'io/exports/writeExport',
    'operators/registry',
  ],
  ...[
    'cli/commands/',
    'scripts/runTests',
    'run/runFolders',
    'operators/lib/evaluation',
    'process/',
    'cli/main',
  ],
  ...['io/parquet/readParquet', 'train/data', 'train/follow', 'train/train.', 'run/trainPipeline'],
  ...['backends/protocols/openaiBatch', 'backends/protocols/openai', 'models/', 'store/tools/summarizeStore'],
  ...['cli/launchers', 'store/tools/pruneStore', 'run/writeShards', 'io/parquet/encoderThread'],
  ...['store/tools/exportStore', 'run/copyPipeline', 'world/'],
];

/** Their tests need a process that has loaded nothing else. */
const ALONE = ['flow/steps/stepStreams'];

/** A process costs half a second, which is most of the time of a small file: these many run the small files. */
const SHARED_PROCESSES = 4;

/** Two at a time: some start engine processes, and the machine may have two cores. */
const CONCURRENCY = 2;

/** Far more than any process takes on a busy machine: what does not end must not hold up all the others. */
const TIMEOUT_MS = 15 * 60_000;

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

/** Each slow file alone, longest first, then the small ones in a few processes. */
function groupsOf(names) {
  const placeOf = (name) => SLOW.findIndex((start) => name.startsWith(start));
  const slow = names.filter((name) => placeOf(name) >= 0).sort((a, b) => placeOf(a) - placeOf(b));
  const small = names.filter((name) => placeOf(name) < 0);
  const alone = small.filter((name) => ALONE.some((start) => name.startsWith(start)));
  const together = small.filter((name) => !alone.includes(name));
  const shared = Array.from({ length: SHARED_PROCESSES }, (_, at) =>
    together.filter((_, index) => index % SHARED_PROCESSES === at),
  ).filter((group) => group.length > 0);
  const single = (name) => [name];
  return [...slow.map(single), ...shared, ...alone.map(single)];
}

const groups = groupsOf(files).map((names) => names.map((name) => join(root, name)));
const isWell = await runTests(groups, { concurrency: CONCURRENCY, timeoutMs: TIMEOUT_MS, root });
process.exitCode = isWell ? 0 : 1;
