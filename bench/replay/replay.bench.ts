import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../src/run/report/report.js';
import { flag, spread } from '../figures.js';
import { type ReplayPipeline, pipelineText } from './pipeline.js';
import { topEntries } from './profile.js';
import type { RunFigures } from './runChild.js';

/**
 * A finished run again from its store, on one core, with no server there: rows of source a second, CPU a row, and where the
 * time goes. `step results`: those of each step are replayed, as in any run on a store; `replies`: every
 * step runs again on its replies, as after a change of a first step; `late`: the last filter was changed, so that all steps before it
 * are replayed, though choices were left out and rows failed. The store is filled by a run of the same pipeline whose replies are
 * made by functions; shards, rejects and state of all runs must be the same bytes.
 *   npm run bench:replay -- [--rows=30000] [--rounds=3] [--batchRows=512] [--profile=15]
 * Goal: 20,000 rows of source a second.
 */

const rows = flag('rows', 30_000);
const rounds = flag('rounds', 3);
const largeBatch = flag('batchRows', 512);
const profileEntries = flag('profile', 15);
const CHILD = fileURLToPath(new URL('./runChild.js', import.meta.url));
const DEFAULTS = { batchRows: 32, windowRows: 2048 };
const ONE_CORE = hasTaskset() ? ['taskset', '-c', '1'] : [];

const HEAD = [
  ...[
    'reward',
    'batch',
    'from the store',
    'kept',
    'rows replayed',
    'replies read',
    'requests',
    'rows/s while they flow',
    'rows/s, process and all',
  ],
  ...['rows a CPU second, flow', 'us CPU a row, flow', 'peak MiB'],
];

const folder = mkdtempSync(join(tmpdir(), 'scalequest-replay-'));
try {
  const port = await closedPort();
  const where = ONE_CORE.length > 0 ? 'on one core (taskset -c 1)' : 'on all cores: there is no taskset';
  console.log(`${rows} rows of source, ${rounds} rounds, ${where}, load ${loadavg()[0]!.toFixed(1)}`);
  const table: string[][] = [];
  for (const reward of ['score', 'yesNo'] as const) {
    const large = { batchRows: largeBatch, windowRows: 4 * largeBatch };
    for (const size of [DEFAULTS, large]) {
      for (const mode of ['replay', 'replies'] as const)
        table.push(lineOf(reward, size.batchRows, mode, measure({ rows, reward, port, ...size }, mode)));
      table.push(lineOf(reward, size.batchRows, 'late', measureLate({ rows, reward, port, ...size })));
    }
  }
  console.log(printTable(HEAD, table));
  const { profile } = paths('score', DEFAULTS.batchRows);
  runChild('replay', 'score', DEFAULTS.batchRows, ['--cpu-prof', `--cpu-prof-dir=${profile}`]);
  // The main thread's; the shard writer's thread leaves one too.
  for (const file of readdirSync(profile)) {
    console.log(
      `\nown time, ${file.split('.').slice(-3, -1).join('.')}, reward score, batches of ${DEFAULTS.batchRows}`,
    );
    console.log(printTable(['share', 'function', 'where'], topEntries(join(profile, file), profileEntries)));
  }
} finally {
  rmSync(folder, { recursive: true });
}

function lineOf(
  reward: string,
  batchRows: number,
  mode: 'replay' | 'replies' | 'late',
  figures: readonly RunFigures[],
): string[] {
  const each = (value: (one: RunFigures) => number, digits = 0): string => spread(figures.map(value), digits);
  const { kept, replayedRows, storeHits } = figures[0]!;
  return [
    ...[
      reward,
      `${batchRows}`,
      { replay: 'step results', replies: 'replies', late: 'step results, last filter changed' }[mode],
      `${kept}`,
      `${replayedRows}`,
      `${storeHits}`,
      `${Math.max(...figures.map(({ requests }) => requests))}`,
    ],
    each(({ flow }) => (1000 * rows) / flow.wallMs),
    each(({ all }) => (1000 * rows) / all.wallMs),
    each(({ flow }) => (1000 * rows) / flow.cpuMs),
    each(({ flow }) => (1000 * flow.cpuMs) / rows, 1),
    each(({ memoryPeakBytes }) => memoryPeakBytes / 2 ** 20),
  ];
}

function measure(pipeline: ReplayPipeline, mode: 'replay' | 'replies'): RunFigures[] {
  const { reward, batchRows } = pipeline;
  const { file, filled } = paths(reward, batchRows);
  writeFileSync(file, pipelineText(pipeline));
  if (batchRows === DEFAULTS.batchRows && mode === 'replay') runChild('fill', reward, batchRows);
  const expected = filesOf(paths(reward, DEFAULTS.batchRows).filled);
  return Array.from({ length: rounds }, () => {
    const figures = runChild(mode, reward, batchRows);
    if (figures.requests > 0) throw new Error(`${figures.requests} requests were made, expected none`);
    if (filesOf(paths(reward, batchRows).again) !== expected)
      throw new Error(`other bytes than in ${filled}`);
    return figures;
  });
}

/** The store is filled already: the last filter is another one, and every step before it must be replayed. */
function measureLate(pipeline: ReplayPipeline): RunFigures[] {
  const { reward, batchRows } = pipeline;
  const { file, again } = paths(reward, batchRows);
  writeFileSync(file, pipelineText({ ...pipeline, rewardMin: 0.6 }));
  const expected = (runChild('replies', reward, batchRows), filesOf(again));
  const figures = Array.from({ length: rounds }, () => {
    const each = runChild('late', reward, batchRows);
    if (each.requests + each.storeHits > 0 || each.replayedRows < rows)
      throw new Error(
        `${each.requests} requests, ${each.storeHits} replies read, ${each.replayedRows} rows replayed`,
      );
    if (filesOf(again) !== expected) throw new Error('other bytes than those of the steps run again');
    return each;
  });
  writeFileSync(file, pipelineText(pipeline));
  return figures;
}

function runChild(
  mode: 'fill' | 'replay' | 'replies' | 'late',
  reward: string,
  batchRows: number,
  flags: readonly string[] = [],
): RunFigures {
  const { file, store, filled, again, result } = paths(reward, batchRows);
  const into = mode === 'fill' ? filled : again;
  rmSync(into, { recursive: true, force: true });
  const [command, ...args] = [
    ...(mode === 'fill' ? [] : ONE_CORE),
    ...[process.execPath, ...flags, CHILD, mode, file, store, into, result],
  ];
  const { status, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the run ended with ${status}:\n${stderr}`);
  return JSON.parse(readFileSync(result, 'utf8')) as RunFigures;
}

function paths(reward: string, batchRows: number) {
  const own = `${reward}-${batchRows}`;
  return {
    file: join(folder, `${own}.yaml`),
    store: join(folder, `store-${reward}`),
    filled: join(folder, `filled-${own}`),
    again: join(folder, `again-${own}`),
    result: join(folder, `${own}.json`),
    profile: join(folder, 'profile'),
  };
}

/** The manifest names each file of the run with its SHA-256; its identity holds no knob of execution. */
function filesOf(run: string): string {
  return readFileSync(join(run, 'manifest.jsonl'), 'utf8');
}

/** One that was free a moment ago: whoever connects is refused at once. */
function closedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '1', 'true']);
    return true;
  } catch {
    return false;
  }
}
