import type { Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { createPool } from '../../src/backends/pool/pool.js';
import { createSharedPools } from '../../src/backends/pool/sharedPools.js';
import { printTable } from '../../src/run/report/report.js';
import { occupancyBetween } from '../endpoint/stats.js';
import { type RunningEndpoint, startEndpoint } from '../endpoint/start.js';
import { flag, spread } from '../figures.js';

/**
 * Four replicas that keep prompts' beginnings, and a server that is asked for one choice at a time, so that a row's n choices
 * are n requests with one prompt: with and without sending a row's calls to one replica, interleaved. Short prompts are a
 * question; long ones carry some thousand tokens of their own before it.
 *   npm run bench:prefix -- [--requests=6000] [--rounds=3] [--blocks=2000] [--timeScale=1]
 * Goal: more prompt tokens from the cache, no slot idle for it.
 */

const requests = flag('requests', 6000);
const rounds = flag('rounds', 3);
const prefixBlocksMax = flag('blocks', 2000);
const timeScale = flag('timeScale', 1);
const CHOICES = 5;
const OPTIONS = {
  // Reading a prompt takes as many steps as it has pieces of this size, so what the cache knows saves time.
  ...{ slots: 64, prefixBlocksMax, timeScale, prefillTokensPerStep: 40 },
  lengths: { meanTokens: 200, sigma: 0.5, capTokens: 2048 },
};
const CASES = [
  { name: 'short: 75 tokens', promptTokens: 75 },
  { name: 'long: 2,000 tokens', promptTokens: 2000 },
] as const;

interface Outcome {
  seconds: number;
  cached: number;
  busy: number;
}

const outcomes = CASES.map(() => [[], []] as [Outcome[], Outcome[]]);
for (let round = 0; round < rounds; round++) {
  for (const [at, { promptTokens }] of CASES.entries()) {
    for (const together of [0, 1] as const) {
      outcomes[at]![together].push(await job(promptTokens, together === 1, round));
    }
  }
}
const rows = CASES.flatMap(({ name }, at) => {
  const [apart, together] = outcomes[at]!;
  const ratios = together.map(({ seconds }, round) => apart[round]!.seconds / seconds);
  const cells = (all: Outcome[]): string[] => [
    spread(all.map(({ cached }) => cached)),
    spread(all.map(({ busy }) => busy)),
  ];
  return [
    [name, 'no', ...cells(apart), ''],
    [name, 'yes', ...cells(together), spread(ratios)],
  ];
});
console.log(
  printTable(
    ['prompts', 'a row’s calls together', 'prompt tokens cached', 'slots busy, first 80 %', 'times faster'],
    rows,
  ),
);

async function job(promptTokens: number, usesAffinity: boolean, round: number): Promise<Outcome> {
  const endpoints = await Promise.all(Array.from({ length: 4 }, () => startEndpoint(OPTIONS)));
  const model = await open(endpoints, usesAffinity);
  const startedMs = Date.now();
  await Promise.all(
    Array.from({ length: Math.ceil(requests / CHOICES) }, (_, seq) => {
      // Four characters a token, and of each row its own from the first word on.
      const text = `${round}.${seq} says: ${`row ${seq} `.repeat(promptTokens)}`.slice(0, 4 * promptTokens);
      const asked = { n: CHOICES, tokensMax: 2048, temperature: 1, topP: 1, seed: seq };
      return model.complete({ seq, message: { kind: 'user', text }, ...asked });
    }),
  );
  const tookMs = Date.now() - startedMs;
  await model.close();
  const stats = await Promise.all(endpoints.map((endpoint) => endpoint.stats()));
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);
  const busy = stats.map((each) => occupancyBetween(each, startedMs, startedMs + 0.8 * tookMs));
  return {
    seconds: tookMs / 1000,
    cached: sum(stats.map(({ tokens }) => tokens.cached)) / sum(stats.map(({ tokens }) => tokens.prompt)),
    busy: sum(busy) / busy.length,
  };
}

function open(endpoints: readonly RunningEndpoint[], usesAffinity: boolean): Promise<Model> {
  const replicas = endpoints.map(({ url }) => `${url}/v1`);
  const pools = createSharedPools((given) => createPool({ ...given, usesAffinity }));
  const openai = { replicas, model: 'm', slots: 64, choicesPerRequestMax: 1 };
  return openModel('m', { openai }, { env: {}, folder: '.', pools });
}
