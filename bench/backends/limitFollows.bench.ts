import { setTimeout as delay } from 'node:timers/promises';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { askAll, modelOver } from './load.js';
import { flag, spread } from '../figures.js';

/**
 * A server's slots double, and halve, under load: seconds until the requests we keep out are within 15 % of what fills
 * the new size with a queue of a tenth.
 *   npm run bench:follow -- [--rounds=3]
 * Goal: within 30 s.
 */

const rounds = flag('rounds', 3);
const SLOTS = 64;

const doubled: number[] = [];
const halved: number[] = [];
for (let round = 0; round < rounds; round++) {
  const endpoint = await startEndpoint({
    slots: SLOTS,
    lengths: { meanTokens: 200, sigma: 0.5, capTokens: 2048 },
  });
  const model = await modelOver([endpoint]);
  const asking = askAll(model, 200_000, `${round}`);
  await delay(15_000);
  await endpoint.control({ slots: 2 * SLOTS });
  doubled.push(await secondsUntil(2 * SLOTS));
  await delay(5_000);
  await endpoint.control({ slots: SLOTS });
  halved.push(await secondsUntil(SLOTS));
  await model.close();
  await asking;
  await endpoint.close();

  async function secondsUntil(slots: number): Promise<number> {
    const startedMs = performance.now();
    const fits = (): boolean => Math.abs(model.stats().inFlight / (1.1 * slots) - 1) < 0.15;
    while (!fits() && performance.now() - startedMs < 60_000) await delay(100);
    return (performance.now() - startedMs) / 1000;
  }
}
console.log(
  printTable(
    ['the server’s slots', 'seconds until the limit follows, median (range)'],
    [
      [`${SLOTS} -> ${2 * SLOTS}`, spread(doubled, 1)],
      [`${2 * SLOTS} -> ${SLOTS}`, spread(halved, 1)],
    ],
  ),
);
