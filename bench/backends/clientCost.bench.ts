import { Pool } from 'undici';
import { systemClock } from '../../src/backends/clock.js';
import type { Model } from '../../src/backends/model.js';
import { openOpenai, openaiOptions } from '../../src/backends/openai.js';
import { printTable } from '../../src/pipeline/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, median } from './load.js';

/**
 * CPU of the client a request: our model against a bare undici loop that posts the same bodies and reads the replies.
 *   npm run bench:client -- [--requests=6000] [--rounds=5]
 * Goal: at most 1.5 × the bare loop at 64, 256 and 1,024 in flight.
 */

const requests = flag('requests', 6000);
const rounds = flag('rounds', 5);
const PROMPT = 'x'.repeat(1100);
const endpoint = await startEndpoint({
  timeScale: 0,
  latencyMs: 100,
  lengths: { meanTokens: 180, sigma: 0, capTokens: 180 },
});

const rows: string[][] = [];
for (const inFlight of [64, 256, 1024]) {
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await cpuOf(() => bareLoop(inFlight)));
    ours.push(await cpuOf(() => ourLoop(inFlight)));
  }
  const ratios = ours.map((value, round) => value / bare[round]!);
  rows.push([
    `${inFlight}`,
    (1000 * median(bare)).toFixed(1),
    (1000 * median(ours)).toFixed(1),
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
  ]);
}
await endpoint.close();
console.log(
  printTable(
    ['in flight', 'bare undici, CPU us a request', 'our model, CPU us a request', 'ratio, median (range)'],
    rows,
  ),
);

/** CPU milliseconds a request, user and system, of this process. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / requests;
}

async function bareLoop(inFlight: number): Promise<void> {
  const pool = new Pool(endpoint.url, { connections: inFlight, pipelining: 1 });
  let next = 0;
  async function worker(): Promise<void> {
    while (next < requests) {
      const seed = next++;
      const body = JSON.stringify({
        model: 'm',
        prompt: PROMPT,
        n: 1,
        max_tokens: 180,
        temperature: 1,
        top_p: 1,
        seed,
        stop: ['</s>'],
      });
      const reply = await pool.request({
        method: 'POST',
        path: '/v1/completions',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { choices } = (await reply.body.json()) as { choices: { text: string }[] };
      if (choices.length !== 1) throw new Error('the endpoint gave no choice');
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
  await pool.destroy();
}

async function ourLoop(inFlight: number): Promise<void> {
  const options = openaiOptions.parse({
    replicas: [`${endpoint.url}/v1`],
    model: 'm',
    requestsInFlightMax: inFlight,
    slots: inFlight,
  });
  const deps = { env: {}, clock: systemClock, random: Math.random };
  const model: Model = await openOpenai('m', options, 'qwen2-math', deps);
  let next = 0;
  async function worker(): Promise<void> {
    while (next < requests) {
      const seq = next++;
      const turn = { kind: 'user', text: PROMPT } as const;
      await model.complete({ seq, turn, n: 1, tokensMax: 180, temperature: 1, topP: 1, seed: seq });
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
  await model.close();
}
