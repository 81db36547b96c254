import './hooks.js';
import type { Simulated } from './simulation.js';

/**
 * `npm run sim -- --seconds=30 [--seed=N] [--runs=N]`: runs seeds from N on, each a run through faults and crashes, until
 * the time is up; prints what was injected, and the seed that fails. `--seed=N --runs=1` runs that one again.
 */
const { simulate } = await import('./simulation.js');

function flag(name: string, fallback: number): number {
  const found = process.argv.find((argument) => argument.startsWith(`--${name}=`));
  if (found === undefined) return fallback;
  const value = Number(found.slice(name.length + 3));
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name} wants a number, found "${found}"\n`);
  process.exit(2);
}

const seconds = flag('seconds', 30);
const first = flag('seed', Date.now() % 1_000_000_000);
const runsMax = flag('runs', Infinity);
const startedMs = performance.now();
const sums: Omit<Simulated, 'seed' | 'endings' | 'faults' | 'isLossy'> & { runs: number; lossy: number } = {
  ...{ runs: 0, lossy: 0, attempts: 0, requests: 0, paid: 0, fileCalls: 0, replayedRows: 0 },
  ...{ virtualMs: 0, rowsKept: 0 },
};
const endings = new Map<string, number>();
const faults = new Map<string, number>();

function add(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function note({ endings: ended, faults: injected, isLossy, ...numbers }: Simulated): void {
  sums.runs += 1;
  if (isLossy) sums.lossy += 1;
  for (const key of [
    'attempts',
    'requests',
    'paid',
    'fileCalls',
    'replayedRows',
    'virtualMs',
    'rowsKept',
  ] as const)
    sums[key] += numbers[key];
  for (const ending of ended) add(endings, ending);
  for (const [kind, count] of Object.entries(injected)) add(faults, kind, count);
}

function printCounts(title: string, counts: Map<string, number>): void {
  console.log(`\n${title}`);
  for (const [key, count] of [...counts].sort(([, a], [, b]) => b - a))
    console.log(`  ${`${count}`.padStart(9)}  ${key}`);
}

for (let seed = first; sums.runs < runsMax && performance.now() - startedMs < seconds * 1000; seed++) {
  try {
    note(await simulate(seed));
  } catch (error) {
    console.error(error);
    console.error(
      `\nseed ${seed} fails (${sums.runs} before it held); again: npm run sim -- --seed=${seed} --runs=1`,
    );
    process.exit(1);
  }
}
const wallS = (performance.now() - startedMs) / 1000;
console.log(
  `${sums.runs} runs from seed ${first} on in ${wallS.toFixed(1)} s, ${sums.lossy} of them with rows lost to faults: ` +
    `${sums.attempts} starts, ${sums.requests} requests, ${sums.paid} calls past the store and none twice, ${sums.replayedRows} rows replayed, ${sums.fileCalls} calls of the file system, ` +
    `${sums.rowsKept} rows kept, ${(sums.virtualMs / 3_600_000).toFixed(1)} h of virtual time. All invariants held.`,
);
printCounts('how the starts ended', endings);
printCounts('faults injected', faults);
