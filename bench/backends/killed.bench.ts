import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withRetry } from '../../src/backends/http/retryPolicy.js';
import { TryFailure } from '../../src/backends/http/tryFailure.js';
import { createPool } from '../../src/backends/pool/pool.js';
import { printTable } from '../../src/run/report/report.js';
import { simulatedClock } from '../../test/helpers/simulatedClock.js';
import { flag, wordFlag } from '../figures.js';
import { type Death, type KilledResult, type PoolCode, runKilled } from './killedReplicas.js';
import { drawCalls } from './mixedLoad.js';

/**
 * Two replicas, of which some die and come back, in virtual time: the figures do not depend on the machine. The ideal adds up what
 * each replica makes when it is full in the time that it is up; what a dying replica had begun, and the first and last seconds
 * of the run, are lost to any client. `--old` is another checkout that is built; `--show=CASE` prints a case over time.
 *   npm run bench:killed -- [--slots=256] [--tokens=800] [--lagMs=500] [--old=../other] [--only=…] [--show=…]
 * Goal: >= 0.9 of the ideal, no call lost.
 */

const slots = flag('slots', 256);
const metricsLagMs = flag('lagMs', 500);
const old = wordFlag('old');
const only = wordFlag('only');
const show = wordFlag('show');
const KILL_MS = 30_000;
const tokens = flag('tokens', 800);
const LENGTHS = { meanTokens: tokens, sigma: 0.4, capTokens: 4096 };

const once = (forMs: number, more: Partial<Death> = {}): Death => ({
  replica: 1,
  atMs: KILL_MS,
  forMs,
  ...more,
});

/** `seconds`: that the run would take without a death. */
const CASES: { name: string; deaths: Death[]; seconds: number }[] = [
  { name: 'none', deaths: [], seconds: 90 },
  { name: '5 s', deaths: [once(5_000)], seconds: 90 },
  { name: '60 s', deaths: [once(60_000)], seconds: 120 },
  { name: '120 s', deaths: [once(120_000)], seconds: 200 },
  { name: '60 s, 503 while it loads', deaths: [once(60_000, { how: 'loading' })], seconds: 120 },
  { name: '60 s, a gateway says 502', deaths: [once(60_000, { how: 'gateway' })], seconds: 120 },
  { name: 'refuses for 20 s', deaths: [once(20_000, { how: 'refusing' })], seconds: 120 },
  {
    name: 'both refuse for 20 s',
    deaths: [once(20_000, { how: 'refusing' }), once(20_000, { how: 'refusing', replica: 0 })],
    seconds: 90,
  },
  { name: 'hangs for 60 s', deaths: [once(60_000, { how: 'hung' })], seconds: 120 },
  { name: 'twice for 20 s', deaths: [once(20_000), once(20_000, { atMs: 80_000 })], seconds: 120 },
  {
    name: '20 s, then again after 2 s',
    deaths: [once(20_000), once(20_000, { atMs: KILL_MS + 22_000 })],
    seconds: 120,
  },
  { name: '60 s, then half as fast', deaths: [once(60_000, { change: { slowFactor: 2 } })], seconds: 120 },
  {
    name: '60 s, then a quarter of the slots',
    deaths: [once(60_000, { change: { slots: slots / 4 } })],
    seconds: 120,
  },
  { name: 'both for 60 s', deaths: [once(60_000), once(60_000, { replica: 0 })], seconds: 90 },
];

async function codeOf(checkout: string): Promise<PoolCode> {
  const load = (path: string): Promise<PoolCode> =>
    import(pathToFileURL(join(resolve(checkout), 'dist/src/backends', path)).href) as Promise<PoolCode>;
  const [pool, retry, failure] = await Promise.all(
    ['pool/pool.js', 'http/retryPolicy.js', 'http/tryFailure.js'].map(load),
  );
  return { createPool: pool!.createPool, withRetry: retry!.withRetry, TryFailure: failure!.TryFailure };
}

const builds: { name: string; code: PoolCode }[] = [
  ...(old === undefined ? [] : [{ name: 'old', code: await codeOf(old) }]),
  { name: 'new', code: { createPool, withRetry, TryFailure } },
];

function showTimeline({ timeline }: KilledResult): void {
  const cells = ['state', 'limit', 'sent', 'run', 'wait'];
  const rows = timeline.map(({ atMs, replicas }) => [
    (atMs / 1000).toFixed(1),
    ...replicas.flatMap(({ state, ...numbers }) => [state, ...Object.values(numbers).map(String)]),
  ]);
  console.log(printTable(['s', ...[0, 1].flatMap((at) => cells.map((cell) => `${at} ${cell}`))], rows));
}

const rows: string[][] = [];
for (const { name, deaths, seconds } of CASES) {
  if (only !== undefined && !name.includes(only)) continue;
  const stepMs = 4 + 0.03 * slots;
  const calls = drawCalls(
    { five: 0, one: Math.round((seconds * 2 * slots) / ((LENGTHS.meanTokens * stepMs) / 1000)), oneToken: 0 },
    1,
    LENGTHS,
  );
  for (const build of builds) {
    const server = { slots, latencyMs: 1.5, metricsLagMs };
    const result = await runKilled(
      { clock: simulatedClock(), code: build.code },
      [server, server],
      calls,
      deaths,
    );
    if (name === show) showTimeline(result);
    const { share, shareLost, busyWhileWaiting, sent, waits, tookMs } = result;
    rows.push([
      ...[name, build.name, share.toFixed(3), shareLost.toFixed(3)],
      ...busyWhileWaiting.map((busy) => busy.toFixed(3)),
      ...[`${calls.length}`, `${sent - calls.length}`, `${waits}`, (tookMs / 1000).toFixed(1)],
    ]);
  }
}
console.log(
  printTable(
    [
      'away',
      'code',
      'of the ideal',
      'lost work',
      'busy 0',
      'busy 1',
      'calls',
      'sent again',
      'waits',
      'seconds',
    ],
    rows,
  ),
);
