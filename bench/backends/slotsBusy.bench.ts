import { printTable } from '../../src/run/report/report.js';
import { ENGINE_DEFAULTS } from '../endpoint/engine.js';
import { idealMakespanMs } from '../endpoint/ideal.js';
import { startEndpoint } from '../endpoint/start.js';
import { askAll, modelOver } from './load.js';
import { flag, spread } from '../figures.js';

/**
 * Is a server whose size we are not told kept full? All requests are there at once; the ideal is the makespan of a
 * work-conserving schedule of the same requests on the same engine model. Several sizes and spreads, interleaved.
 *   npm run bench:slots -- [--requests=3000] [--rounds=3] [--timeScale=1]
 * Goal: >= 0.98 of the ideal; >= 0.95 with lognormal lengths of sigma 1.
 */

const requests = flag('requests', 3000);
const rounds = flag('rounds', 3);
const timeScale = flag('timeScale', 1);

const CASES = [
  { slots: 64, sigma: 0.3 },
  { slots: 128, sigma: 0.3 },
  { slots: 128, sigma: 1 },
  { slots: 256, sigma: 0.3 },
] as const;

const ratios = CASES.map(() => [] as number[]);
for (let round = 0; round < rounds; round++) {
  for (const [at, { slots, sigma }] of CASES.entries()) ratios[at]!.push(await runCase(slots, sigma, round));
}
console.log(
  printTable(
    ['slots (not told)', 'sigma of lengths', 'ideal / measured, median (range)'],
    CASES.map(({ slots, sigma }, at) => [`${slots}`, `${sigma}`, spread(ratios[at]!)]),
  ),
);

async function runCase(slots: number, sigma: number, round: number): Promise<number> {
  const lengths = { meanTokens: 300, sigma, capTokens: 4096 };
  const endpoint = await startEndpoint({ slots, timeScale, lengths });
  const model = await modelOver([endpoint]);
  const { tookMs, answered } = await askAll(model, requests, `${round}`);
  if (answered !== requests) throw new Error(`${requests - answered} requests were lost`);
  const idealMs = idealMakespanMs(await endpoint.jobs(), { ...ENGINE_DEFAULTS, slots }) / timeScale;
  await model.close();
  await endpoint.close();
  return idealMs / tookMs;
}
