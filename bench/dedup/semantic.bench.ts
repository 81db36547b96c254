import { openSync, readSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { createMemoryBudget } from '../../src/operators/lib/near/memoryBudget.js';
import { quantize } from '../../src/operators/lib/semantic/quantize.js';
import { decodeVector, encodeVector } from '../../src/operators/lib/semantic/vectorDelta.js';
import { createVectorIndex } from '../../src/operators/lib/semantic/vectorIndex.js';
import { randomFrom } from '../../src/random.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, wordFlag } from '../figures.js';

/**
 * Semantic duplicates on real vectors: what is found against exact search in 64-bit floats, and what it costs, by exact search in whole
 * numbers (ours) and by an HNSW index (usearch, where it is installed).
 *   npm run bench:semantic -- --vectors=FILE [--dims=384] [--rows=N] [--threshold=0.9] [--usearch=FOLDER of the package]
 *   npm run bench:semantic -- --vectors=FILE --growth=200000 [--threshold=0.95]
 * The file holds 32-bit floats, one vector behind the other: bench/dedup/embed.py makes one. Each vector is one question, in order: it is
 * dropped where an earlier one that passed is similar enough. CPU is user and system time of
 * the process; MiB are what our index allocates, and by how much the process grew with the other.
 */

const DIMS = flag('dims', 384);
const BUDGET_MIB = 4096;

/** A way to decide whether a vector is a duplicate of one that passed; adds it if not. */
interface Way {
  isDuplicate: (at: number) => boolean;
  /** What its index takes, where it tells. */
  bytes?: () => number;
}

const vectors = readVectors();
const quantized = Array.from({ length: vectors.length / DIMS }, (_, at) => quantize([...vectorAt(at)]));

function readVectors(): Float32Array {
  const path = wordFlag('vectors');
  if (path === undefined) throw new Error('expected --vectors=FILE; bench/dedup/embed.py makes one');
  const rowsMax = Math.floor(statSync(path).size / (4 * DIMS));
  const values = new Float32Array(Math.min(rowsMax, flag('rows', rowsMax)) * DIMS);
  readSync(openSync(path, 'r'), values, 0, values.byteLength, 0);
  return values;
}

function vectorAt(at: number): Float32Array {
  return vectors.subarray(at * DIMS, (at + 1) * DIMS);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < DIMS; at++) {
    ab += a[at]! * b[at]!;
    aa += a[at]! ** 2;
    bb += b[at]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

function indexOf(threshold: number, budget = budgetOf()) {
  return createVectorIndex(threshold, budget);
}

function budgetOf() {
  return createMemoryBudget(BUDGET_MIB, () => 'vectors');
}

/** Rounding moves a cosine by less than 0.005: what is within 0.02 below the threshold is compared in floats. */
function floatTruth(threshold: number): Way {
  const index = indexOf(threshold - 0.02);
  const isDuplicate = (at: number): boolean => {
    const near = index.within(quantized[at]!);
    if (near.some(({ label }) => cosine(vectorAt(label), vectorAt(at)) >= threshold)) return true;
    index.add(quantized[at]!, at);
    return false;
  };
  return { isDuplicate };
}

function ours(threshold: number): Way {
  const budget = budgetOf();
  const index = indexOf(threshold, budget);
  const isDuplicate = (at: number): boolean => {
    if (index.nearest(quantized[at]!)) return true;
    index.add(quantized[at]!, at);
    return false;
  };
  return { isDuplicate, bytes: () => budget.bytes };
}

interface Usearch {
  MetricKind: { IP: string };
  ScalarKind: { I8: string };
  Index: new (options: object) => {
    add(key: bigint, vector: Int8Array, threads: number): void;
    search(vector: Int8Array, k: number, threads: number): { keys: BigUint64Array };
  };
}

/** The nearest four by the index; the best of them is compared exactly. */
function hnsw({ Index, MetricKind, ScalarKind }: Usearch, threshold: number): Way {
  const index = new Index({
    ...{ metric: MetricKind.IP, quantization: ScalarKind.I8, dimensions: DIMS },
    ...{ connectivity: 16, expansion_add: 128, expansion_search: 64, multi: false },
  });
  let size = 0;
  const isDuplicate = (at: number): boolean => {
    const keys = size > 0 ? index.search(quantized[at]!, 4, 1).keys : [];
    for (const key of keys) if (quantizedCosine(Number(key), at) >= threshold) return true;
    index.add(BigInt(at), quantized[at]!, 1);
    size += 1;
    return false;
  };
  return { isDuplicate };
}

function quantizedCosine(one: number, other: number): number {
  const [a, b] = [quantized[one]!, quantized[other]!];
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < DIMS; at++) {
    ab += a[at]! * b[at]!;
    aa += a[at]! ** 2;
    bb += b[at]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function decide(create: () => Way): { found: boolean[]; cpuS: number; mib: number } {
  globalThis.gc?.();
  const [before, rss] = [cpuS(), process.memoryUsage.rss()];
  const { isDuplicate, bytes } = create();
  const found = quantized.map((_, at) => isDuplicate(at));
  const took = bytes?.() ?? process.memoryUsage.rss() - rss;
  return { found, cpuS: cpuS() - before, mib: took / 2 ** 20 };
}

async function quality(): Promise<void> {
  const folder = wordFlag('usearch');
  const usearch =
    folder === undefined
      ? null
      : ((await import(pathToFileURL(`${folder}/javascript/dist/esm/usearch.js`).href)) as Usearch);
  const lines: string[][] = [];
  for (const threshold of wordFlag('threshold') ? [flag('threshold', 0)] : [0.85, 0.9, 0.95]) {
    const truth = decide(() => floatTruth(threshold)).found;
    const ways: [string, () => Way][] = [['exact, whole numbers', () => ours(threshold)]];
    if (usearch) ways.push(['usearch, i8, ip', () => hnsw(usearch, threshold)]);
    for (const [name, create] of ways) {
      const { found, cpuS: s, mib } = decide(create);
      const both = found.filter((isFound, at) => isFound && truth[at]).length;
      const shareOf = (all: boolean[]): string => (both / all.filter(Boolean).length).toFixed(4);
      const dropped = `${found.filter(Boolean).length} of ${found.length}`;
      const rate = Math.round(found.length / s).toString();
      lines.push([name, String(threshold), dropped, shareOf(truth), shareOf(found), rate, mib.toFixed(0)]);
    }
  }
  const head = ['way', 'threshold', 'dropped', 'recall', 'precision', 'questions/CPU s', 'MiB'];
  console.log(printTable(head, lines));
  restore();
}

/** What a run that goes on does with each vector of its state. */
function restore(): void {
  const deltas = quantized.map((vector, at) => encodeVector(vector, at));
  const index = indexOf(0.95);
  const before = cpuS();
  for (const delta of deltas) {
    const { vector, label } = decodeVector(delta);
    index.add(vector, label);
  }
  const us = ((cpuS() - before) * 1e6) / deltas.length;
  console.log(`restored: ${us.toFixed(1)} µs of CPU a vector; ${deltas[0]!.length} characters of state each`);
}

/** Cost of a question by how many are stored. Beyond the real vectors, each is a mixture of two of them. */
function growth(vectorsMax: number, threshold: number): void {
  const budget = createMemoryBudget(BUDGET_MIB, () => 'vectors');
  const index = createVectorIndex(threshold, budget);
  const draw = randomFrom(1);
  const anyReal = (): Float32Array => vectorAt(Math.floor(draw() * quantized.length));
  const lines: string[][] = [];
  for (let size = 1; size <= vectorsMax; size++) {
    const [a, b, share] = [anyReal(), anyReal(), 0.3 + 0.4 * draw()];
    const real = quantized[size - 1];
    index.add(real ?? quantize(Array.from(a, (value, at) => share * value + (1 - share) * b[at]!)), size);
    if (!STEPS.includes(size)) continue;
    const before = cpuS();
    for (let each = 0; each < ASKED; each++) index.nearest(quantized[(each * 97) % quantized.length]!);
    const us = ((cpuS() - before) * 1e6) / ASKED;
    lines.push([size.toString(), us.toFixed(0), (budget.bytes / 2 ** 20).toFixed(0)]);
  }
  console.log(printTable(['stored', 'µs of CPU a question', 'MiB'], lines));
}

const STEPS = [1000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
const ASKED = 300;

console.log(`${quantized.length} vectors of ${DIMS}, ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
if (wordFlag('growth') === undefined) await quality();
else growth(flag('growth', 200_000), flag('threshold', 0.95));
