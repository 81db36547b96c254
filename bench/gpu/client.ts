// Our client on a load of completions: node dist/bench/gpu/client.js --url=http://127.0.0.1:8000 --load=load.json
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openModel } from '../../src/backends/openModel.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8000' },
    load: { type: 'string', default: 'load.json' },
    /** More options of the backend, as JSON. */
    options: { type: 'string', default: '{}' },
  },
});
const SAMPLE_MS = 250;

const jobs = JSON.parse(readFileSync(values.load, 'utf8')) as {
  prompt: string;
  max_tokens: number;
  n?: number;
}[];
const openai = {
  replicas: [`${values.url}/v1`],
  model: 'm',
  ...(JSON.parse(values.options) as object),
};
const template = { preQuery: '0', user: '{{ user }}', stop: ['<|im_end|>'] };
const model = await openModel('m', { openai, template }, { env: {}, folder: '.' });

const cpuBefore = process.cpuUsage();
const startMs = performance.now();
const seconds = (): number => (performance.now() - startMs) / 1000;
/** Seconds since the start, and tokens, of each request that ended. */
const ends: [number, number][] = [];
const inFlight: [number, number][] = [];
const sampler = setInterval(() => inFlight.push([seconds(), model.stats().inFlight]), SAMPLE_MS);
await Promise.all(
  jobs.map(async ({ prompt, max_tokens: tokensMax, n = 1 }, seq) => {
    const message = { kind: 'user', text: prompt } as const;
    const temperature = n > 1 ? 1 : 0;
    const asked = { seq, message, n, tokensMax, temperature, topP: 1, seed: seq };
    const choices = await model.complete(asked);
    ends.push([seconds(), choices.reduce((sum, choice) => sum + choice.tokens, 0)]);
  }),
);
const took = seconds();
clearInterval(sampler);
const { user, system } = process.cpuUsage(cpuBefore);
const { retries, failures } = model.stats();
await model.close();
console.log(
  JSON.stringify({ seconds: took, ends, inFlight, retries, failures, cpuSeconds: (user + system) / 1e6 }),
);
