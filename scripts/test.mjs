// Runs the compiled tests: `node scripts/test.mjs [--fast | --long] [part of a path …]`. test/interop needs Python and has its own
// script. Without a flag and a part all run but LONG; `--long` runs LONG alone, and `--fast` leaves out SLOW and MIDDLE too. A part
// of a path finds files of every list.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './runTests.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test');

/**
 * Files, or folders of files, whose tests are whole runs in processes of their own, engines, seeds by the dozen, and what the world
 * can do to a run: half a minute of CPU or more a line. `npm test` leaves them to `npm run test:long`, which CI runs; its first line of
 * defence are the tests of the parts, the simulation and the simulated crashes. Each line is a process.
 */
const LONG = [
  ['crash/killed', 'crash/takenOverProcess'],
  ['cli/commands/worker.', 'run/workers/coordinate', 'workers/localWorkers'],
  ['cli/faults'],
  ['cli/commands/store', 'store/storeProcesses'],
  ['cli/commands/chain', 'cli/commands/train', 'train/train.'],
  ['run/determinism', 'pipelines/qpo', 'operators/examples'],
  ['run/replay.', 'run/report/page/buildReport'],
  ['backends/llamaCpp/llamaCpp.'],
  ['run/estimate/estimate.', 'run/budget/openBudget'],
  [
    ...['world/rawReplies', 'world/replyMutations', 'world/markers', 'world/mutated', 'world/proxies'],
    ...['world/replies', 'world/runFolders', 'world/thoughts', 'world/plantedVerdicts', 'io/sources/mutated'],
  ],
  // It puts keys into the environment of its process.
  ['cli/secrets'],
];

/**
 * Files, or folders of files, that take several seconds of CPU, or start engines and processes. Those of a line share a process,
 * for each process loads all modules anew (0.7 s of CPU). They start in this order: longest first, so that no long one is left for
 * the end, and those that mostly wait early. Measured with `/usr/bin/time node <file>`.
 */
const SLOW = [
  ['pipelines/pipelines', 'models/'],
  ['run/report/figures', 'run/verify/'],
  ['process/', 'scripts/runTests'],
  ['store/store.', 'backends/pool/mixedLoad', 'backends/pool/pool'],
  ['backends/pool/killedReplicas'],
  ['run/estimate/', 'run/budget/', 'run/report/page/', 'run/history/rowHistory'],
  ['crash/simulated', 'crash/takenOver', 'io/parquet/shardWriter'],
  [
    'run/runPipeline',
    'run/chain/',
    'run/trainPipeline',
    'run/serverFaults',
    'run/open/serveListed',
    'store/database/takeStore',
  ],
  ['backends/llamaCpp/'],
  ['flow/invariants', 'flow/stepResults/replayStepResults', 'flow/sharedStepResults'],
  ['cli/commands/run', 'io/runFolder/runLock', 'run/cluster/slurmScript'],
  ['grade/worker/grader.', 'world/'],
  ['bench/'],
  // It replaces modules of its process.
  ['sim/'],
  // They put keys into the environment of their process.
  ['cli/keys', 'cli/evaluate'],
  ['cli/commands/', 'cli/main', 'cli/launchers', 'cli/executesNothing', 'cli/serve'],
  ['run/workers/stages', 'run/workers/openWorker', 'hub/pushRun'],
];

/** Files that take one second or a few: a few processes run them. */
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
  ...[
    'io/parquet/encoderThread',
    'run/plan/copyPipeline',
    'pipeline/check/rules/checkSource',
    'run/oddMachines',
  ],
  ...['backends/http/contentCoding', 'backends/http/connections', 'backends/childEnvironments'],
  ...[
    'backends/server/keepServer',
    'cli/show/run/runView',
    'operators/lib/near/nearIndex',
    'run/diff/diffRuns',
  ],
  ...['page/charts/drawSvg', 'types/libraryDocs', 'metrics/otlp/openOtlp', 'metrics/openMetrics'],
  ...['view/openView', 'io/files/contents', 'io/runFolder/manifest', 'train/launch'],
];

const MIDDLE_PROCESSES = 4;

/** Their tests need a process that has loaded nothing else. */
const ALONE = ['flow/steps/stepStreams', 'backends/llamaCpp/binaryTest'];

/** A process costs 0.7 s of CPU, for all modules are loaded anew: these many run the small files. */
const SHARED_PROCESSES = 4;

/** The machine may have two cores; of three, one mostly waits for a process of its own. */
const CONCURRENCY = 3;

/** Far more than any process takes on a busy machine: what does not end must not hold up all the others. */
const TIMEOUT_MS = 15 * 60_000;

const isFast = process.argv.includes('--fast');
const isLong = process.argv.includes('--long');
const wanted = process.argv.slice(2).filter((arg) => !['--fast', '--long'].includes(arg));
const all = readdirSync(root, { recursive: true })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.test.js') && !file.startsWith('interop/'))
  .sort();
const files = all
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter(isOfTier);
const stale = [...LONG.flat(), ...SLOW.flat(), ...MIDDLE, ...ALONE].filter(
  (start) => !all.some((file) => file.startsWith(start)),
);
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

/** Whether a file belongs to what was asked for. */
function isOfTier(name) {
  if (isLong) return isOf(LONG.flat(), name);
  if (isFast) return !isOf([...LONG.flat(), ...SLOW.flat(), ...MIDDLE], name);
  return wanted.length > 0 || !isOf(LONG.flat(), name);
}

function isOf(list, name) {
  return list.some((start) => name.startsWith(start));
}

/** The slow files, longest first, then the others in a few processes. A file is of the first line that names it. */
function groupsOf(names) {
  const lines = [...LONG, ...SLOW];
  const lineOf = (name) => (isOf(ALONE, name) ? -1 : lines.findIndex((line) => isOf(line, name)));
  const slow = lines.map((_, at) => names.filter((name) => lineOf(name) === at));
  const rest = names.filter((name) => lineOf(name) < 0);
  const middle = rest.filter((name) => isOf(MIDDLE, name));
  const alone = rest.filter((name) => isOf(ALONE, name));
  const small = rest.filter((name) => !middle.includes(name) && !alone.includes(name));
  const groups = [...slow, ...dealt(middle, MIDDLE_PROCESSES), ...dealt(small, SHARED_PROCESSES)];
  return [...groups.filter((group) => group.length > 0), ...alone.map((name) => [name])];
}

/** Deals names to `count` groups by turns. */
function dealt(names, count) {
  return Array.from({ length: count }, (_, at) => names.filter((_, index) => index % count === at));
}

const groups = groupsOf(files).map((names) => names.map((name) => join(root, name)));
const isWell = await runTests(groups, { concurrency: CONCURRENCY, timeoutMs: TIMEOUT_MS, root });
process.exitCode = isWell ? 0 : 1;
