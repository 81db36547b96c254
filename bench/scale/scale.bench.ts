import { printTable } from '../../src/run/report/report.js';
import { flag } from '../figures.js';
import { daysOn, estimate, gpuSecondsPerRow, gpusFed } from './estimate.js';

/**
 * The tables of docs/scale.md: what sets of any size take, from the paper's GPU hours and the figures of our benches.
 *   npm run bench:scale -- [--cpuMs=1] [--indexBytes=407] [--storeBytes=2400] [--speed=3]
 * `--speed`: how many A100 of the paper's throughput one of your GPUs replaces.
 */

const row = {
  cpuMs: flag('cpuMs', 1),
  indexBytes: flag('indexBytes', 407),
  storeBytes: flag('storeBytes', 2400),
};
const speed = flag('speed', 3);
const SETS = [2e6, 1e7, 1e8, 1e9];
const GPUS = [8, 64, 512, 4096];
const GIB = 2 ** 30;

const number = (value: number): string =>
  value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');

console.log(
  `A source row takes ${gpuSecondsPerRow().toFixed(2)} s of an A100-40G and ${row.cpuMs} ms of the coordinator's CPU: one core feeds ` +
    `${number(gpusFed(row))} of them, or ${number(gpusFed(row, speed))} GPUs that are ${speed} times as fast.\n`,
);
console.log(
  printTable(
    ['source rows', 'GPU hours', 'dollars', 'coordinator CPU, h', 'index, GiB', 'store, GiB'],
    SETS.map((rows) => {
      const set = estimate(rows, row);
      const sizes = [set.indexBytes / GIB, set.storeBytes / GIB];
      return [rows, set.gpuHours, set.dollars, set.coordinatorCpuHours, ...sizes].map(number);
    }),
  ),
);
console.log(
  `\n${printTable(
    ['source rows', ...GPUS.map((gpus) => `days on ${gpus} A100`)],
    SETS.map((rows) => {
      const set = estimate(rows, row);
      return [number(rows), ...GPUS.map((gpus) => number(daysOn(gpus, set)))];
    }),
  )}`,
);
