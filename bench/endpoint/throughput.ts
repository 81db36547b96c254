// What the simulated server itself costs: node dist/bench/endpoint/throughput.js [--requests=40000] [--inFlight=64]
import { Pool } from 'undici';
import { flag } from '../figures.js';
import type { EndpointOptions } from './options.js';
import { startEndpoint } from './start.js';

const requests = flag('requests', 40_000);
const inFlight = flag('inFlight', 64);
const QUESTION = `Solve it. Reason step by step. ${'A train leaves the station with some wagons. '.repeat(25)}`;

async function measure(name: string, options: Partial<EndpointOptions>, prompt: string): Promise<object> {
  const endpoint = await startEndpoint(options);
  const pool = new Pool(endpoint.url, { connections: inFlight, keepAliveTimeout: 2000 });
  let next = 0;
  const post = async (count: number): Promise<void> => {
    while (next < count) {
      const body = JSON.stringify({ prompt: `${prompt} ${next}`, max_tokens: 4096, n: 1, seed: next++ });
      const headers = { 'content-type': 'application/json' };
      const reply = await pool.request({ path: '/v1/completions', method: 'POST', headers, body });
      await reply.body.text();
    }
  };
  const round = (count: number): Promise<unknown> => {
    next = 0;
    return Promise.all(Array.from({ length: inFlight }, () => post(count)));
  };
  await round(Math.min(2000, requests));
  const before = await endpoint.stats();
  await round(requests);
  const after = await endpoint.stats();
  await pool.destroy();
  await endpoint.close();
  const seconds = (after.nowMs - before.nowMs) / 1000;
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    case: name,
    'requests/s': Math.round(requests / seconds),
    'server CPU us/request': Math.round((cpuMs * 1000) / requests),
    'requests per server CPU s': Math.round((requests / cpuMs) * 1000),
    'tokens/request': Math.round((after.tokens.made - before.tokens.made) / requests),
    'RSS MB': after.rssMb,
  };
}

const short = { meanTokens: 8, sigma: 0, capTokens: 8 };
const rows = [
  await measure('small, no waiting', { timeScale: 0, lengths: short }, 'Add 2 and 3.'),
  await measure('1.2 KB up, 500 tokens down, no waiting', { timeScale: 0 }, QUESTION),
  await measure('1.2 KB up, 500 tokens down, engine 1000 times as fast', { timeScale: 1000 }, QUESTION),
];
console.log(`${requests} requests, ${inFlight} in flight, ${process.version}`);
console.table(rows);
