import { setTimeout as delay } from 'node:timers/promises';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { askAll, modelOver } from './load.js';
import { flag, spread } from '../figures.js';

/**
 * 10 s of 429 for everybody in the middle of a job of about 15 s, with and without Retry-After, against the same job in
 * peace, interleaved: seconds more than the storm itself, and requests refused as a multiple of those in flight.
 *   npm run bench:storm -- [--requests=1200] [--rounds=3]
 * Goal: at most 5 s more than the storm, at most 3 x in flight wasted.
 */

const requests = flag('requests', 1200);
const rounds = flag('rounds', 3);
const STORM_MS = 10_000;
const SLOTS = 64;

const KINDS = [
  { name: 'no Retry-After', storm: { forMs: STORM_MS } },
  { name: 'Retry-After: 1', storm: { forMs: STORM_MS, retryAfterS: 1 } },
] as const;

const extra = KINDS.map(() => [] as number[]);
const wasted = KINDS.map(() => [] as number[]);
let lost = 0;
for (let round = 0; round < rounds; round++) {
  const peace = await job(round, null);
  for (const [at, { storm }] of KINDS.entries()) {
    const { tookS, refused } = await job(round, storm);
    extra[at]!.push(tookS - peace.tookS - STORM_MS / 1000);
    wasted[at]!.push(refused / (1.1 * SLOTS));
  }
}
console.log(
  printTable(
    [
      'storm of 10 s',
      'seconds more than the storm, median (range)',
      'refused / in flight, median (range)',
      'lost',
    ],
    KINDS.map(({ name }, at) => [name, spread(extra[at]!, 1), spread(wasted[at]!, 1), `${lost}`]),
  ),
);

async function job(
  round: number,
  storm: { forMs: number; retryAfterS?: number } | null,
): Promise<{ tookS: number; refused: number }> {
  const endpoint = await startEndpoint({
    slots: SLOTS,
    lengths: { meanTokens: 130, sigma: 0.5, capTokens: 1024 },
  });
  const model = await modelOver([endpoint]);
  const storming = storm ? delay(4_000).then(() => endpoint.control({ storm })) : null;
  const { tookMs, answered } = await askAll(model, requests, `${round}`);
  await storming;
  lost += requests - answered;
  const refused = (await endpoint.stats()).requests.byStatus['429'] ?? 0;
  await model.close();
  await endpoint.close();
  return { tookS: tookMs / 1000, refused };
}
