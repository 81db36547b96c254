// The n-gram check against benchmarks: building the index, and questions checked a second, beside a plain map of strings.
// npm run build && node --expose-gc dist/bench/operators/decontaminate.bench.js [--questions=100000] [--rows=20000] [--rounds=3]
import { benchmarkWords, createBenchmarkIndex } from '../../src/operators/lib/benchmarkIndex.js';
import { ROWS_A_TURN } from '../../src/flow/turns.js';
import { benchValues } from '../kernels/rows.js';
import { flag, median } from '../figures.js';

const WORDS_MIN = 13;
const questions = flag('questions', 100_000);
const rows = flag('rows', 20_000);
const rounds = flag('rounds', 3);

/** About 240 characters each, 13 % of them of the benchmark. */
const benchmark = textsOf(0, questions);
const asked = [...textsOf(questions, questions + rows), ...benchmark.slice(0, Math.round(rows * 0.15))];

function textsOf(lo: number, hi: number): string[] {
  const texts: string[] = [];
  for (let at = lo; at < hi; at += 1000)
    texts.push(...(benchValues(at, Math.min(hi, at + 1000))[1] as string[]));
  return texts;
}

interface Finder {
  find: (words: readonly string[]) => { length: number };
}

/** What one would write first: run of words → numbers of the questions. */
function createStringMap(all: readonly (readonly string[])[]): Finder {
  const items = new Map<string, number[]>();
  const runsOf = (words: readonly string[]): string[] =>
    words.slice(WORDS_MIN - 1).map((_, at) => words.slice(at, at + WORDS_MIN).join(' '));
  all.forEach((words, item) => {
    for (const run of runsOf(words)) {
      const found = items.get(run);
      if (!found) items.set(run, [item]);
      else if (found.at(-1) !== item) found.push(item);
    }
  });
  return { find: (words) => [...new Set(runsOf(words).flatMap((run) => items.get(run) ?? []))] };
}

function createIndex(all: readonly (readonly string[])[]): Finder {
  const index = createBenchmarkIndex(WORDS_MIN);
  for (const words of all) index.add(words);
  return index;
}

/** A run builds it in turns of the event loop: the CPU time of the longest, in milliseconds. */
function longestTurnMs(): number {
  const index = createBenchmarkIndex(WORDS_MIN);
  let longestMs = 0;
  for (let at = 0; at < benchmark.length; at += ROWS_A_TURN) {
    const before = process.cpuUsage();
    for (const text of benchmark.slice(at, at + ROWS_A_TURN)) index.add(benchmarkWords(text));
    longestMs = Math.max(longestMs, process.cpuUsage(before).user / 1000);
  }
  return longestMs;
}

const CASES: Record<string, (all: readonly (readonly string[])[]) => Finder> = {
  'map of strings': createStringMap,
  'benchmark index': createIndex,
};

function usedBytes(): number {
  // Buffers go in the second one.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function build(name: string): Finder {
  return CASES[name]!(benchmark.map(benchmarkWords));
}

const measured = Object.keys(CASES).map((name) => ({
  name,
  buildMs: [] as number[],
  rowsPerS: [] as number[],
  bytes: 0,
  hits: 0,
}));
for (let round = 0; round < rounds; round++) {
  for (const result of measured) {
    const before = usedBytes();
    const startMs = performance.now();
    const finder = build(result.name);
    const builtMs = performance.now();
    result.bytes = usedBytes() - before;
    const askMs = performance.now();
    result.hits = asked.filter((text) => finder.find(benchmarkWords(text)).length > 0).length;
    result.rowsPerS.push((1000 * asked.length) / (performance.now() - askMs));
    result.buildMs.push(builtMs - startMs);
  }
}

console.log(
  `\n${questions} benchmark questions, ${asked.length} asked, runs of ${WORDS_MIN} words, median of ${rounds} rounds, ${process.version}` +
    (globalThis.gc ? '' : '; without --expose-gc the memory is a guess'),
);
console.table(
  measured.map(({ name, buildMs, rowsPerS, bytes, hits }) => ({
    case: name,
    'build s': Number((median(buildMs) / 1000).toFixed(2)),
    'rows/s': Math.round(median(rowsPerS)),
    'memory MB': Math.round(bytes / 1e6),
    hits,
  })),
);
console.log(`longest turn of building the benchmark index: ${longestTurnMs().toFixed(1)} ms of CPU`);
