import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createPool } from '../../src/backends/pool/pool.js';
import { printTable } from '../../src/run/report/report.js';
import { simulatedClock } from '../../test/helpers/simulatedClock.js';
import { flag, spread, wordFlag } from '../figures.js';
import { type MixedResult, type Mix, drawCalls, runMixed } from './mixedLoad.js';

/**
 * Calls of five choices, of one and of one token at a server of 16 and of 256 slots, whose size the pool is not told, and is
 * told; then scores alone, which are over in one step. In virtual time, so the figures do not depend on the machine; each round
 * is another order and other lengths. `--old` is another checkout that is built: the same calls through its pool.
 *   npm run bench:mixed -- [--rounds=5] [--lagMs=500] [--old=../other]
 * Goals: slots busy while calls wait >= 0.97; time told nothing / told the slots <= 1.03.
 */

const rounds = flag('rounds', 5);
const metricsLagMs = flag('lagMs', 500);
const old = wordFlag('old');

const CASES: readonly { name: string; slots: number; mix: Mix }[] = [
  { name: 'mixed', slots: 16, mix: { five: 60, one: 300, oneToken: 750 } },
  { name: 'mixed', slots: 256, mix: { five: 480, one: 2400, oneToken: 6000 } },
  { name: 'five choices', slots: 16, mix: { five: 100, one: 0, oneToken: 0 } },
  { name: 'five choices', slots: 256, mix: { five: 900, one: 0, oneToken: 0 } },
  { name: 'scores', slots: 64, mix: { five: 0, one: 0, oneToken: 10_000 } },
];

type CreatePool = typeof createPool;

async function poolOf(checkout: string): Promise<CreatePool> {
  const path = join(resolve(checkout), 'dist/src/backends/pool/pool.js');
  return ((await import(pathToFileURL(path).href)) as { createPool: CreatePool }).createPool;
}

const builds: { name: string; createPool: CreatePool }[] = [
  ...(old === undefined ? [] : [{ name: 'old', createPool: await poolOf(old) }]),
  { name: 'new', createPool },
];

function run(create: CreatePool, { slots, mix }: (typeof CASES)[number], seed: number, isTold: boolean) {
  const world = { clock: simulatedClock(), createPool: create };
  const server = { slots, latencyMs: 1.5, metricsLagMs };
  return runMixed(world, server, drawCalls(mix, seed), isTold ? { slots } : {});
}

const rows: string[][] = [];
for (const each of CASES) {
  for (const { name, createPool: create } of builds) {
    const untold: MixedResult[] = [];
    const told: MixedResult[] = [];
    for (let seed = 1; seed <= rounds; seed++) {
      untold.push(await run(create, each, seed, false));
      told.push(await run(create, each, seed, true));
    }
    const busy = (results: MixedResult[]): string =>
      spread(results.map(({ busyWhileWaiting }) => busyWhileWaiting));
    const ratios = untold.map(({ tookMs }, at) => tookMs / told[at]!.tookMs);
    const seconds = untold.map(({ tookMs }) => tookMs / 1000);
    rows.push([
      ...[each.name, `${each.slots}`, name, busy(untold), busy(told), spread(ratios), spread(seconds, 1)],
    ]);
  }
}
console.log(
  printTable(
    [
      'calls',
      'slots',
      'code',
      'busy, told nothing',
      'busy, told the slots',
      'time told nothing / told',
      'seconds',
    ],
    rows,
  ),
);
