import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { printTable } from '../../src/run/report/report.js';
import { flag, wordFlag } from '../figures.js';
import { type Finder, minHashFinder, ourFinder } from './finder.js';
import { madeQuestions, shortQuestions } from './texts.js';
import { exactNearDuplicates } from './truth.js';

/**
 * Near-duplicates: what is found against exact search, at which cost, with what stalls; and how cost grows with questions.
 *   npm run bench:dedup -- [--rows=100000] [--rounds=1] [--rivals=yes] [--texts=FILE to write them for bench/dedup/peers.py]
 *   npm run bench:dedup -- --growth=5000000 [--threshold=0.7]
 * CPU is user and system time of the process; a stall is the longest time that a batch of 512 questions held the thread.
 */

const BATCH_ROWS = 512;

interface Cost {
  cpuS: number;
  /** The longest batch, in wall and in CPU time: other processes make the first longer. */
  stallMs: number;
  stallCpuMs: number;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Does `work` on each item, in batches. */
function inBatches<Item>(items: readonly Item[], work: (item: Item) => void): Cost {
  const cost: Cost = { cpuS: 0, stallMs: 0, stallCpuMs: 0 };
  for (let lo = 0; lo < items.length; lo += BATCH_ROWS) {
    const [startMs, startCpuMs] = [performance.now(), cpuMs()];
    for (let at = lo; at < Math.min(items.length, lo + BATCH_ROWS); at++) work(items[at]!);
    const batchCpuMs = cpuMs() - startCpuMs;
    cost.cpuS += batchCpuMs / 1000;
    cost.stallMs = Math.max(cost.stallMs, performance.now() - startMs);
    cost.stallCpuMs = Math.max(cost.stallCpuMs, batchCpuMs);
  }
  return cost;
}

function usedBytes(): number {
  // Buffers go in the second one.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The rate at which what has passed is restored, without what it costs to write it down. */
function foldRate(create: () => Finder, texts: readonly string[]): string {
  const finder = create();
  if (!finder.delta) return '';
  const deltas: unknown[] = [];
  for (const text of texts) if (!finder.isDuplicate(text)) deltas.push(finder.delta());
  const restored = create();
  const { cpuS } = inBatches(deltas, (delta) => restored.restore!(delta));
  return Math.round(deltas.length / cpuS).toString();
}

function measure(name: string, threshold: number, create: () => Finder, texts: string[], truth: boolean[]) {
  const before = usedBytes();
  const finder = create();
  const found: boolean[] = Array.from({ length: texts.length });
  let row = 0;
  const cost = inBatches(texts, (text) => void (found[row++] = finder.isDuplicate(text)));
  const bytes = (usedBytes() - before - 8 * texts.length) / finder.passed();
  const both = found.filter((isFound, at) => isFound && truth[at]).length;
  const shareOf = (all: boolean[]): string => (both / all.filter(Boolean).length).toFixed(4);
  return [
    name,
    threshold.toString(),
    shareOf(truth),
    shareOf(found),
    Math.round(texts.length / cost.cpuS).toString(),
    Math.round(bytes).toString(),
    `${cost.stallMs.toFixed(0)} (${cost.stallCpuMs.toFixed(0)})`,
    foldRate(create, texts),
  ];
}

function quality(rows: number, rounds: number): void {
  const texts = madeQuestions(rows);
  const file = wordFlag('texts');
  const lines: string[][] = [];
  const truths: Record<string, boolean[]> = {};
  for (const threshold of [0.7, 0.8]) {
    const truth = exactNearDuplicates(texts, threshold);
    truths[threshold] = truth;
    const ways: Record<string, () => Finder> = { ours: () => ourFinder(threshold) };
    if (wordFlag('rivals') === 'yes') {
      ways['MinHash, 16 bands'] = () => minHashFinder(threshold, 16);
      ways['MinHash, 32 bands'] = () => minHashFinder(threshold, 32);
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, create] of Object.entries(ways))
        lines.push(measure(name, threshold, create, texts, truth));
    }
  }
  if (file !== undefined) writeFileSync(file, JSON.stringify({ texts, truths }));
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${rows} questions of ${Math.round(chars / rows)} characters, ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
  );
  const head = ['way', 'threshold', 'recall', 'precision', 'questions/CPU s', 'bytes a question'];
  console.log(printTable([...head, 'longest batch ms (CPU)', 'restored/CPU s'], lines));
}

const STEP_ROWS = 1_000_000;
const MADE_ROWS = 10 * BATCH_ROWS;

function growth(rows: number, threshold: number): void {
  const finder = ourFinder(threshold);
  const lines: string[][] = [];
  let step: Cost = { cpuS: 0, stallMs: 0, stallCpuMs: 0 };
  for (let lo = 0; lo < rows; lo += MADE_ROWS) {
    const cost = inBatches(shortQuestions(lo, Math.min(rows, lo + MADE_ROWS)), finder.isDuplicate);
    step = {
      cpuS: step.cpuS + cost.cpuS,
      stallMs: Math.max(step.stallMs, cost.stallMs),
      stallCpuMs: Math.max(step.stallCpuMs, cost.stallCpuMs),
    };
    const hi = Math.min(rows, lo + MADE_ROWS);
    if (Math.floor(hi / STEP_ROWS) === Math.floor(lo / STEP_ROWS) && hi < rows) continue;
    lines.push([
      hi.toString(),
      finder.passed().toString(),
      Math.round(Math.min(hi, STEP_ROWS) / step.cpuS).toString(),
      `${step.stallMs.toFixed(0)} (${step.stallCpuMs.toFixed(0)})`,
      (finder.bytes!() / finder.passed()).toFixed(0),
      Math.round(process.memoryUsage.rss() / 2 ** 20).toString(),
    ]);
    step = { cpuS: 0, stallMs: 0, stallCpuMs: 0 };
  }
  console.log(`threshold ${threshold}, ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
  const head = ['questions', 'passed', 'questions/CPU s', 'longest batch ms (CPU)', 'bytes a question'];
  console.log(printTable([...head, 'RSS MiB'], lines));
}

if (wordFlag('growth') === undefined) quality(flag('rows', 100_000), flag('rounds', 1));
else growth(flag('growth', 5_000_000), flag('threshold', 0.7));
