import { loadavg } from 'node:os';
import { printTable } from '../../src/run/report/report.js';
import { flag, wordFlag } from '../figures.js';
import type { Kernel } from './kernel.js';
import { KERNELS } from './kernels.js';
import { measureKernel } from './measure.js';

/**
 * The synchronous kernels, with Benchmark.js: operations a second with their relative margin of error, and a hash of the
 * result, which is the same wherever the kernel does the same. Indented lines are other ways to the same result.
 *   npm run bench:kernels -- [--only=build,take] [--seconds=1] [--rounds=3] [--count=1024]
 */

const seconds = flag('seconds', 1);
const rounds = flag('rounds', 3);
const count = wordFlag('count') === undefined ? undefined : flag('count', 0);

console.log(`${rounds} rounds of ${seconds} s, ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
console.log(
  printTable(
    ['kernel', 'units of an operation', 'operations/s', '±', 'units/s', 'times as fast', 'hash'],
    chosenKernels().flatMap(linesOf),
  ),
);

function chosenKernels(): readonly Kernel[] {
  const only = wordFlag('only')?.split(',');
  if (!only) return KERNELS;
  const unknown = only.find((name) => !KERNELS.some((kernel) => kernel.name === name));
  if (unknown === undefined) return KERNELS.filter(({ name }) => only.includes(name));
  const names = KERNELS.map(({ name }) => name).join(', ');
  throw new Error(`--only: no kernel is called "${unknown}"; expected some of ${names}`);
}

function linesOf(kernel: Kernel): string[][] {
  const [own, ...rivals] = measureKernel(kernel, { count, seconds, rounds });
  return [own!, ...rivals].map((measured) => [
    measured === own ? kernel.name : `  ${measured.name}`,
    `${count ?? kernel.count} ${kernel.unit}`,
    measured.opsPerS.toFixed(measured.opsPerS < 100 ? 1 : 0),
    `${measured.errorPercent.toFixed(1)} %`,
    Math.round(measured.unitsPerS).toString(),
    measured === own ? '' : (own!.opsPerS / measured.opsPerS).toFixed(2),
    measured.hash,
  ]);
}
