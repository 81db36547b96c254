import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Performance } from '../../src/run/report/report.js';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, wordFlag } from '../figures.js';
import { KINDS, pipelineText } from './pipeline.js';
import type { HeldUp } from './heldUp.js';
import { partsOf } from './parts.js';

/**
 * What a source row costs as the number of rows grows: the steps of the quickstart against a simulated server that answers
 * after 5 ms, with a store of replies. For each number of rows: a run; the same run killed in the middle and started again,
 * which must write the same bytes; the run again with another last filter, which must ask and read no reply; `verify`.
 * `held p99` and `held max`: how long the event loop was held up, in processor time, so that other work on the machine does not count.
 *   npm run bench:million -- [--rows=10000,100000] [--only=run,resume,late,verify] [--parts=20000] [--keep=FOLDER]
 * `--parts` profiles one run of so many rows, and prints the CPU of a row by part of the code.
 */

const sizes = (wordFlag('rows') ?? '10000,100000').split(',').map(Number);
const only = (wordFlag('only') ?? 'run,resume,late,verify').split(',');
const partsRows = flag('parts', 0);
const CHILD = fileURLToPath(new URL('./runChild.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const SAMPLE_MS = 200;
const MIB = 2 ** 20;

const RUN_HEAD = [
  ...['rows/s', 'CPU ms a row', 'anonymous MiB', 'loop p99 ms', 'loop max ms', 'held p99 ms', 'held max ms'],
  ...['kept', 'files', 'run MiB', 'store MiB'],
];

interface Ran {
  wallS: number;
  /** Anonymous memory: what the process holds beside the files that it maps. Null where the system does not tell. */
  anonymousMiB: number | null;
  firstRowS: number | null;
  performance: Performance | null;
  heldUp: HeldUp | null;
}

const kept = wordFlag('keep');
if (kept !== undefined) mkdirSync(kept, { recursive: true });
const folder = kept ?? mkdtempSync(join(tmpdir(), 'scalequest-million-'));
const server = await startEndpoint({ timeScale: 0, latencyMs: 5, kinds: KINDS, remembers: false });
try {
  console.log(
    `${process.version}, load ${loadavg()[0]!.toFixed(1)}, a simulated server in a process of its own`,
  );
  for (const rows of sizes) await measure(rows);
  if (partsRows > 0) await profile(partsRows);
} finally {
  await server.close();
  if (kept === undefined) rmSync(folder, { recursive: true });
}

async function measure(rows: number): Promise<void> {
  const at = (name: string): string => join(folder, `${rows}-${name}`);
  const [file, store, out] = [at('pipeline.yaml'), at('store'), at('run')];
  const text = pipelineText({ rows, url: server.url });
  writeFileSync(file, text);
  const requestsBefore = (await server.stats()).requests.total;
  const whole = await runChild([file, store, out]);
  const requests = (await server.stats()).requests.total - requestsBefore;
  console.log(`\n${rows} source rows, ${(requests / rows).toFixed(1)} requests a row`);
  console.log(printTable(RUN_HEAD, [runLine(rows, whole, out, store)]));
  if (only.includes('resume')) await killedAndResumed(rows, whole.wallS, text);
  if (only.includes('late')) await lateFilter(rows, text, store);
  if (only.includes('verify')) verified(out);
}

function runLine(
  rows: number,
  { wallS, anonymousMiB, performance, heldUp }: Ran,
  out: string,
  store: string,
): string[] {
  const { cpuS, eventLoop } = performance!;
  const files = filesIn(out);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as { rowsKept: number };
  return [
    `${Math.round(rows / wallS)}`,
    ((1000 * cpuS) / rows).toFixed(3),
    anonymousMiB === null ? '-' : anonymousMiB.toFixed(0),
    eventLoop.p99Ms.toFixed(0),
    eventLoop.maxMs.toFixed(0),
    heldUp?.p99Ms.toFixed(0) ?? '-',
    heldUp?.maxMs.toFixed(0) ?? '-',
    `${report.rowsKept}`,
    `${files.length}`,
    mebibytes(files),
    mebibytes(filesIn(store)),
  ];
}

/** Killed as by the out-of-memory killer once half the time is over. */
async function killedAndResumed(rows: number, wallS: number, text: string): Promise<void> {
  const at = (name: string): string => join(folder, `${rows}-${name}`);
  const [file, store, out] = [at('killed.yaml'), at('killed-store'), at('killed')];
  writeFileSync(file, text);
  await runChild([file, store, out], { killAfterMs: (wallS * 1000) / 2 });
  const { firstRowS, wallS: restS } = await runChild([file, store, out]);
  const isSame = manifestOf(out) === manifestOf(at('run'));
  console.log(
    `killed in the middle and started again: first new row after ${firstRowS?.toFixed(1) ?? '-'} s, all after ` +
      `${restS.toFixed(1)} s, ${isSame ? 'the same bytes' : 'OTHER BYTES'}`,
  );
  if (!isSame) process.exitCode = 1;
  for (const path of [store, out]) rmSync(path, { recursive: true, force: true });
}

async function lateFilter(rows: number, text: string, store: string): Promise<void> {
  const at = (name: string): string => join(folder, `${rows}-${name}`);
  const [file, out] = [at('late.yaml'), at('late')];
  writeFileSync(file, text.replace('rewardMin: 0.1', 'rewardMin: 0.3'));
  const { wallS, performance } = await runChild([file, store, out]);
  const sum = (of: (stats: Performance['models'][string]) => number): number =>
    Object.values(performance!.models).reduce((total, stats) => total + of(stats), 0);
  const [asked, read] = [sum(({ requests }) => requests), sum(({ storeHits = 0 }) => storeHits)];
  console.log(
    `another last filter: ${asked} requests, ${read} replies read, ${performance!.replayedRows} rows replayed, ` +
      `${wallS.toFixed(1)} s, ${((1e6 * performance!.cpuS) / rows).toFixed(0)} us of CPU a row`,
  );
  rmSync(out, { recursive: true });
}

function verified(out: string): void {
  const startedMs = performance.now();
  execFileSync(process.execPath, [MAIN, 'verify', out], { stdio: 'ignore' });
  console.log(
    `verify: ${((performance.now() - startedMs) / 1000).toFixed(1)} s, all is as the manifest says`,
  );
}

async function profile(rows: number): Promise<void> {
  const file = join(folder, 'profiled.yaml');
  const profiles = join(folder, 'profiles');
  writeFileSync(file, pipelineText({ rows, url: server.url }));
  const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  await runChild([file, join(folder, 'profiled-store'), join(folder, 'profiled')], { flags });
  for (const name of readdirSync(profiles)) {
    console.log(`\nCPU of a row by part of the code, ${name.split('.').slice(-3, -1).join('.')}`);
    const parts = partsOf(join(profiles, name), 25);
    console.log(
      printTable(
        ['part', 'share', 'us a row'],
        parts.map(({ part, share, us }) => [part, `${(100 * share).toFixed(1)} %`, (us / rows).toFixed(1)]),
      ),
    );
  }
}

async function runChild(
  [file, store, out]: readonly [string, string, string],
  { killAfterMs, flags = [] }: { killAfterMs?: number; flags?: readonly string[] } = {},
): Promise<Ran> {
  const firstRow = `${out}-first.json`;
  const heldUp = `${out}-held.json`;
  for (const path of [firstRow, heldUp]) rmSync(path, { force: true });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...flags, CHILD, file, store, out, firstRow, heldUp], {
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let anonymousMiB: number | null = null;
  while (child.exitCode === null && child.signalCode === null) {
    anonymousMiB = larger(anonymousMiB, anonymousOf(child.pid!));
    await Promise.race([ended, delay(SAMPLE_MS)]);
  }
  clearTimeout(timer);
  const wallS = (performance.now() - startedMs) / 1000;
  if (killAfterMs === undefined && child.exitCode !== 0)
    throw new Error(`the run ended with ${child.exitCode}`);
  const read = <T>(path: string): T | null =>
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null;
  return {
    ...{ wallS, anonymousMiB },
    firstRowS: (read<{ afterMs: number }>(firstRow)?.afterMs ?? NaN) / 1000,
    performance: read<Performance>(join(out, 'performance.json')),
    heldUp: read<HeldUp>(heldUp),
  };
}

function anonymousOf(pid: number): number | null {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : (Number(kib) * 1024) / MIB;
  } catch {
    return null;
  }
}

function larger(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function manifestOf(run: string): string {
  return readFileSync(join(run, 'manifest.jsonl'), 'utf8');
}

function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => statSync(name).isFile());
}

function mebibytes(files: readonly string[]): string {
  return (files.reduce((sum, file) => sum + statSync(file).blocks * 512, 0) / MIB).toFixed(0);
}
