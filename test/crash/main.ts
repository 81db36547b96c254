// The long crash test:  npm run test:crash -- [--part=simulated|killed|bundled] [--kills=100] [--stride=1] [--seed=1]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable } from '../../src/run/report/report.js';
import { killBundledRuns } from './bundled.js';
import { type KilledCounts, killRuns } from './killed.js';
import { crashEverywhere, crashWithOtherReplies } from './simulated.js';
import { PIPELINES, type PipelineName } from './simulatedWorld.js';

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    kills: { type: 'string', default: '100' },
    stride: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
});
const [kills, stride, seed] = [values.kills, values.stride, values.seed].map(Number) as [
  number,
  number,
  number,
];

const PARTS: Record<string, () => Promise<void>> = { simulated, killed, bundled };

async function simulated(): Promise<void> {
  const rows: string[][] = [];
  for (const pipeline of Object.keys(PIPELINES) as PipelineName[]) {
    const counts = await crashEverywhere({ pipeline, seed, stride });
    const other = await crashWithOtherReplies({ pipeline, seed, stride });
    const { calls, commits, kills: killed, powerCuts, again } = counts;
    rows.push([pipeline, ...[calls, commits, killed, powerCuts, again, other.crashes].map(String)]);
  }
  const head = [
    'simulated',
    'calls',
    'commits',
    'kills',
    'power cuts',
    'of resumed runs',
    'with other replies',
  ];
  console.log(
    `${printTable(head, rows)}\nbytes equal to the unbroken run’s after each, but with other replies: every row once\n`,
  );
}

/** Two thirds with a store. */
async function killed(): Promise<void> {
  const third = Math.ceil(kills / 3);
  const series = [
    { shape: 'best', hasStore: true, kills: third },
    { shape: 'several', hasStore: true, kills: third },
    { shape: 'best', hasStore: false, kills: kills - 2 * third },
  ] as const;
  const rows: string[][] = [];
  for (const one of series) {
    const counts = await inFolder((folder) => killRuns({ ...one, folder, seed }));
    rows.push([one.shape, one.hasStore ? 'yes' : 'no', ...cellsOf(counts)]);
    // The whole takes minutes.
    console.error(rows.at(-1)!.join('  '));
  }
  const head = [
    'killed',
    'store',
    'runs',
    'kills',
    'at a call',
    'amid a commit',
    'resumes',
    'requests',
    'repeated',
  ];
  console.log(`${printTable([...head, 'in flight', 'unanswered', 'durable after, ms'], rows)}\n${NOTE}\n`);
}

const NOTE = [
  'bytes equal to the unbroken run’s after each',
  'in flight: requests, at the kills, whose reply was not durable (most at one kill); unanswered: those of them that the ' +
    'server had not answered; durable after: from the answer of the first of the others to the kill, at most',
].join('\n');

function cellsOf(counts: KilledCounts): string[] {
  const { runs, killsAtCalls, killsInCommits, resumes, requests, repeated, repeatedMost } = counts;
  const plain = [runs, counts.kills, killsAtCalls, killsInCommits, resumes, requests].map(String);
  return [
    ...plain,
    `${repeated} (${repeatedMost} in one run)`,
    `${counts.inFlight} (${counts.inFlightMost})`,
    String(counts.unanswered),
    counts.latestMs.toFixed(0),
  ];
}

/** A tenth as many: half of them with a store. */
async function bundled(): Promise<void> {
  const rows: string[][] = [];
  for (const hasStore of [true, false]) {
    const counts = await inFolder((folder) =>
      killBundledRuns({ folder, seed, kills: Math.ceil(kills / 20), target: 8, hasStore }),
    );
    const { runs, kills: killed, resumes, enginesLeft, slowestEndMs } = counts;
    const numbers = [runs, killed, resumes, enginesLeft, Math.round(slowestEndMs)];
    rows.push([hasStore ? 'yes' : 'no', ...numbers.map(String)]);
  }
  const head = ['bundled, store', 'runs', 'kills', 'resumes', 'engines left', 'slowest to end, ms'];
  console.log(`${printTable(head, rows)}\nbytes equal to the unbroken run’s after each\n`);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-crash-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const wanted = values.part ? [values.part] : Object.keys(PARTS);
for (const part of wanted) {
  if (!PARTS[part]) throw new Error(`found --part=${part}, expected one of ${Object.keys(PARTS).join(', ')}`);
  await PARTS[part]();
}
