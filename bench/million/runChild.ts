// One run in a process of its own: node runChild.js PIPELINE STORE RUN_FOLDER PROGRESS.json
// Writes how far it is again and again, so that a run which is killed has figures too. With --expose-gc it also tells what is left of the
// JavaScript heap after a collection, every 2,500 rows.
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runPipeline } from '../../src/run/runPipeline.js';
import { type HeldUp, watchHeldUp } from './heldUp.js';

/** What a start of a run tells of itself. */
export interface Progress {
  /** Source rows that are behind the watermark, those of earlier starts included. */
  rows: number;
  /** When the first new row was with the writer, after the start; null before. */
  firstRowMs: number | null;
  /** Of all threads, in this start. */
  cpuS: number;
  eventLoop: { p99Ms: number; maxMs: number };
  heldUp: HeldUp | null;
  /** What JavaScript objects take that are still in use. Empty where nothing collects. */
  live: { rows: number; heapBytes: number }[];
}

const WRITTEN_EVERY_MS = 500;
const LOOP_RESOLUTION_MS = 10;
const COLLECTED_EVERY_ROWS = 2500;

const [file, store, out, progress] = process.argv.slice(2) as [string, string, string, string];
const heldUp = watchHeldUp();
const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
loop.enable();
const before = process.cpuUsage();
const startedMs = performance.now();
let [from, rows] = [0, 0];
let firstRowMs: number | null = null;
const live: Progress['live'] = [];
const gc = globalThis.gc as (() => void) | undefined;

const run = await runPipeline(file, { out, set: { store } });
run.events.subscribe((event) => {
  if (event.event === 'flowing') from = event.from;
  if (event.event !== 'delivered') return;
  if (crosses(rows, event.watermark)) collect(event.watermark);
  rows = event.watermark;
  if (firstRowMs !== null || rows <= from) return;
  firstRowMs = performance.now() - startedMs;
  write();
});
const timer = setInterval(write, WRITTEN_EVERY_MS);
await run.result;
clearInterval(timer);
write();

function crosses(before: number, after: number): boolean {
  return Math.floor(before / COLLECTED_EVERY_ROWS) < Math.floor(after / COLLECTED_EVERY_ROWS);
}

function collect(at: number): void {
  if (!gc) return;
  gc();
  live.push({ rows: at, heapBytes: process.memoryUsage().heapUsed });
}

/** In one step, as the process may be killed at any moment. */
function write(): void {
  const { user, system } = process.cpuUsage(before);
  const delayMs = (ns: number): number => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS);
  const eventLoop = { p99Ms: delayMs(loop.percentile(99)), maxMs: delayMs(loop.max) };
  const cpuS = (user + system) / 1e6;
  const said: Progress = { rows, firstRowMs, cpuS, eventLoop, heldUp: heldUp?.() ?? null, live };
  writeFileSync(`${progress}.new`, JSON.stringify(said));
  renameSync(`${progress}.new`, progress);
}
