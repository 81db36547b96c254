import Benchmark from 'benchmark';
import { median } from '../figures.js';
import { type Kernel, hashResult } from './kernel.js';

export interface Measured {
  /** The kernel's name, or a rival's. */
  name: string;
  /** Operations a second: the median of the rounds. */
  opsPerS: number;
  /** Relative margin of error of that round, in percent: half the width of Benchmark.js's 95 % confidence interval. */
  errorPercent: number;
  /** Units a second. */
  unitsPerS: number;
  hash: string;
}

export interface MeasureOptions {
  /** Units of one operation; the kernel's own if absent. */
  count?: number | undefined;
  /** Seconds that each way is measured for, in each round. */
  seconds: number;
  rounds: number;
}

/**
 * Measures a kernel and its rivals by turns, `rounds` times over. The kernel comes first. Benchmark.js gives a mean, and the
 * median of the rounds is what to read.
 */
export function measureKernel(
  kernel: Kernel,
  { count = kernel.count, seconds, rounds }: MeasureOptions,
): Measured[] {
  const { run, rivals = {} } = kernel.prepare(count);
  const ways = Object.entries({ [kernel.name]: run, ...rivals });
  const runs = ways.map((): { hz: number; rme: number }[] => []);
  for (let round = 0; round < rounds; round++) {
    ways.forEach(([, way], at) => runs[at]!.push(benchmark(way, seconds)));
  }
  return ways.map(([name, way], at) => {
    const opsPerS = median(runs[at]!.map(({ hz }) => hz));
    const { rme } = runs[at]!.find(({ hz }) => hz === opsPerS)!;
    return { name, opsPerS, errorPercent: rme, unitsPerS: opsPerS * count, hash: hashResult(way()) };
  });
}

function benchmark(way: () => unknown, seconds: number): { hz: number; rme: number } {
  // A sample is at least a fiftieth of the time, so that many make the mean.
  const bench = new Benchmark(way, { maxTime: seconds, minTime: seconds / 50, minSamples: 5 });
  bench.run();
  const error: unknown = (bench as unknown as { error?: unknown }).error;
  if (error) throw error as Error;
  return { hz: bench.hz, rme: bench.stats.rme };
}
