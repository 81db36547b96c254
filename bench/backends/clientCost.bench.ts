import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { systemClock } from '../../src/clock.js';
import { openModel } from '../../src/backends/openModel.js';
import { withStore } from '../../src/backends/cache/stored.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type Store, openStore } from '../../src/store/store.js';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, median, spread } from '../figures.js';

/**
 * CPU a request (user and system, all threads): a bare undici loop, our model, our model behind the store, and the same
 * requests again from the store. The arms take turns.
 *   npm run bench:client -- [--requests=5000] [--rounds=5]
 * Goal: at most 1.5 × the bare loop, with the store and without.
 */

const requests = flag('requests', 5000);
const rounds = flag('rounds', 5);
const PROMPT = 'x'.repeat(1100);
const endpoint = await startEndpoint({
  timeScale: 0,
  latencyMs: 100,
  lengths: { meanTokens: 180, sigma: 0, capTokens: 180 },
});

const rows: string[][] = [];
for (const inFlight of [64, 256, 1024]) {
  const cost: Record<'bare' | 'ours' | 'stored' | 'again', number[]> = {
    bare: [],
    ours: [],
    stored: [],
    again: [],
  };
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'scalequest-store-'));
    cost.bare.push(await cpuOf(() => bareLoop(inFlight)));
    cost.ours.push(await cpuOf(() => ourLoop(inFlight, null)));
    cost.stored.push(await cpuOf(() => storedLoop(inFlight, folder)));
    cost.again.push(await cpuOf(() => storedLoop(inFlight, folder)));
    rmSync(folder, { recursive: true });
  }
  const over = (arm: readonly number[], base: readonly number[]): string =>
    spread(
      arm.map((value, round) => value / base[round]!),
      2,
    );
  rows.push([
    `${inFlight}`,
    ...[cost.bare, cost.ours, cost.stored, cost.again].map((arm) => (1000 * median(arm)).toFixed(1)),
    over(cost.ours, cost.bare),
    over(cost.stored, cost.bare),
  ]);
}
await endpoint.close();
console.log('CPU us a request');
console.log(
  printTable(
    [
      ...['in flight', 'bare undici', 'our model', 'with the store', 'from the store', 'our model / bare'],
      'with the store / bare',
    ],
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
  const common = { model: 'm', prompt: PROMPT, n: 1, max_tokens: 180, temperature: 1, top_p: 1 };
  await manyAtOnce(inFlight, async (seed) => {
    const reply = await pool.request({
      method: 'POST',
      path: '/v1/completions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...common, seed, stop: ['</s>'] }),
    });
    const { choices } = (await reply.body.json()) as { choices: { text: string }[] };
    if (choices.length !== 1) throw new Error('the endpoint gave no choice');
  });
  await pool.destroy();
}

async function storedLoop(inFlight: number, folder: string): Promise<void> {
  const { nowMs, sleep } = systemClock;
  const store = await openStore(folder, 'bench', { files: nodeFiles, nowMs, sleep });
  await ourLoop(inFlight, store);
  await store.close();
}

async function ourLoop(inFlight: number, store: Store | null): Promise<void> {
  const replicas = [`${endpoint.url}/v1`];
  const openai = { replicas, model: 'm', requestsInFlightMax: inFlight, slots: inFlight };
  const asked = await openModel('m', { openai }, { env: {}, folder: '.' });
  const model = store ? withStore(asked, store, 'bench') : asked;
  const message = { kind: 'user', text: PROMPT } as const;
  await manyAtOnce(inFlight, async (seq) => {
    await model.complete({ seq, message, n: 1, tokensMax: 180, temperature: 1, topP: 1, seed: seq });
  });
  await model.close();
}

/** `requests` calls, `inFlight` at once. With the store, a slot is free again only when the reply is durable. */
async function manyAtOnce(inFlight: number, call: (seq: number) => Promise<void>): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < requests) await call(next++);
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
}
