// Runs the compiled tests: `node scripts/test.mjs [--fast] [part of a path …]`. test/interop needs Python and has its own script.
// `--fast` leaves out the files that run whole pipelines, engines or processes.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './runTests.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test');

/**
 * Files, or folders of files, that take several seconds of CPU, or start engines and processes: each file has a process of its own.
 * They start in this order, longest first, so that no long one is left for the end. Measured with `/usr/bin/time node --test <file>`.
 */
const SLOW = [
  ...['cli/faults', 'crash/killed', 'pipelines/pipelines', 'backends/llamaCpp/llamaCpp'],
  ...['run/determinism', 'operators/examples', 'cli/commands/store', 'run/replay.', 'pipelines/qpo'],
  ...['flow/stepResults/replayStepResults', 'cli/commands/chain', 'flow/invariants', 'cli/commands/run'],
  ...['flow/sharedStepResults', 'cli/commands/train', 'io/parquet/shardWriter', 'crash/simulated'],
  ...['grade/worker/grader.', 'bench/', 'sim/', 'cli/keys', 'backends/pool/pool', 'run/runPipeline'],
  ...['run/chain/', 'run/serverFaults', 'run/report/figures', 'cli/evaluate', 'cli/commands/', 'cli/main'],
  ...[
    'scripts/runTests',
    'process/',
    'train/train.',
    'run/trainPipeline',
    'models/',
    'cli/launchers',
    'world/',
  ],
];

/** Files that take one second or a few, in which a process of their own would be most: a few processes run them. */
const MIDDLE = [
  ...['grade/compare/sameAnswer', 'backends/pool/aimdLimit', 'operators/rewrite', 'operators/gradeAnswer'],
  ...[
    'backends/openModel',
    'store/stepResults',
    'flow/stepResults/stepResultBytes',
    'io/exports/writeExport',
  ],
  ...['operators/registry', 'run/runFolders', 'operators/lib/evaluation', 'io/parquet/readParquet'],
  ...['train/data', 'train/follow', 'backends/protocols/openaiBatch', 'backends/protocols/openai.'],
  ...['store/tools/summarizeStore', 'store/tools/pruneStore', 'store/tools/exportStore', 'run/writeShards'],
  ...['io/parquet/encoderThread', 'run/copyPipeline'],
];

const MIDDLE_PROCESSES = 3;

/** Their tests need a process that has loaded nothing else. */
const ALONE = ['flow/steps/stepStreams'];

/** A process costs 0.7 s of CPU, for all modules are loaded anew: these many run the small files. */
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
  .filter((file) => !isFast || ![...SLOW, ...MIDDLE].some((start) => file.startsWith(start)));
const stale = [...SLOW, ...MIDDLE, ...ALONE].filter((start) => !all.some((file) => file.startsWith(start)));
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

/** Each slow file alone, longest first, then the others in a few processes. */
function groupsOf(names) {
  const placeIn = (list, name) => list.findIndex((start) => name.startsWith(start));
  const slow = names
    .filter((name) => placeIn(SLOW, name) >= 0)
    .sort((a, b) => placeIn(SLOW, a) - placeIn(SLOW, b));
  const rest = names.filter((name) => !slow.includes(name));
  const middle = rest
    .filter((name) => placeIn(MIDDLE, name) >= 0)
    .sort((a, b) => placeIn(MIDDLE, a) - placeIn(MIDDLE, b));
  const alone = rest.filter((name) => placeIn(ALONE, name) >= 0);
  const small = rest.filter((name) => !middle.includes(name) && !alone.includes(name));
  const single = (name) => [name];
  return [
    ...slow.map(single),
    ...dealt(middle, MIDDLE_PROCESSES),
    ...dealt(small, SHARED_PROCESSES),
    ...alone.map(single),
  ];
}

/** Deals names to `count` groups by turns. */
function dealt(names, count) {
  const groups = Array.from({ length: count }, (_, at) => names.filter((_, index) => index % count === at));
  return groups.filter((group) => group.length > 0);
}

const groups = groupsOf(files).map((names) => names.map((name) => join(root, name)));
const isWell = await runTests(groups, { concurrency: CONCURRENCY, timeoutMs: TIMEOUT_MS, root });
process.exitCode = isWell ? 0 : 1;
