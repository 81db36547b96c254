import { setTimeout as delay } from 'node:timers/promises';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { askAll, modelOver } from './load.js';
import { flag, spread } from '../figures.js';

/**
 * Four replicas, one five times slower; one of the others dies a third of the way through and returns after 10 s. The
 * ideal adds up what each replica alone, kept full, makes in the time that it was up. The time is that of the whole job, to
 * its last answer; the job is long enough that the last long answers of the slow replica, which no order avoids whose
 * lengths are not known, are a small part of it, as they are of a run. Time is simulated `timeScale` times as fast.
 *   npm run bench:replicas -- [--requests=24000] [--rounds=3] [--timeScale=3]
 * Goal: >= 0.9 of the ideal sum, no request lost.
 */

const requests = flag('requests', 24_000);
const rounds = flag('rounds', 3);
const timeScale = flag('timeScale', 3);
const DEAD_MS = 10_000;
const OPTIONS = { slots: 64, timeScale, lengths: { meanTokens: 200, sigma: 0.5, capTokens: 2048 } };

const shares: number[] = [];
const sharesOfMost: number[] = [];
let lost = 0;
for (let round = 0; round < rounds; round++) {
  const alone = await rateAlone(round);
  const endpoints = await Promise.all(Array.from({ length: 4 }, () => startEndpoint(OPTIONS)));
  await endpoints[0]!.control({ slowFactor: 5 });
  const model = await modelOver(endpoints);
  const ideal = 3.2 * alone;
  const dying = delay((requests / ideal / 3) * 1000).then(() =>
    endpoints[1]!.control({ die: { returnAfterMs: DEAD_MS } }),
  );
  const { tookMs, mostMs, answered } = await askAll(model, requests, `${round}`);
  await dying;
  lost += requests - answered;
  const possible = (ms: number): number => (ideal * ms - alone * DEAD_MS) / 1000;
  shares.push(answered / possible(tookMs));
  sharesOfMost.push((0.9 * requests) / possible(mostMs));
  await model.close();
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
}
console.log(
  printTable(
    ['case', 'of the ideal sum, median (range)', 'to nine tenths of the answers', 'requests lost'],
    [['4 replicas, one 5 x slower, one dies for 10 s', spread(shares), spread(sharesOfMost), `${lost}`]],
  ),
);

/** Requests a second that one replica makes when it is kept full: the middle of a run, without its start and tail. */
async function rateAlone(round: number): Promise<number> {
  const endpoint = await startEndpoint(OPTIONS);
  const model = await modelOver([endpoint], { slots: OPTIONS.slots });
  const asking = askAll(model, 100_000, `alone ${round}`);
  await delay(6_000);
  const before = await endpoint.stats();
  await delay(8_000);
  const after = await endpoint.stats();
  await model.close();
  await asking;
  await endpoint.close();
  return ((after.requests.byStatus['200'] ?? 0) - (before.requests.byStatus['200'] ?? 0)) / 8;
}
