import { systemClock } from '../../src/clock.js';
import type { Model } from '../../src/backends/model.js';
import { openOpenai, openaiOptions } from '../../src/backends/protocols/openai.js';
import type { RunningEndpoint } from '../endpoint/start.js';

/** What the benches of the pool share: flags, a model over simulated servers, many requests at once. */

export function flag(name: string, fallback: number): number {
  const word = process.argv.find((each) => each.startsWith(`--${name}=`));
  return Number(word?.split('=')[1] ?? fallback);
}

export function modelOver(endpoints: readonly RunningEndpoint[], changes: object = {}): Promise<Model> {
  const replicas = endpoints.map(({ url }) => `${url}/v1`);
  const options = openaiOptions.parse({ replicas, model: 'm', ...changes });
  return openOpenai('m', options, 'qwen2-math', { env: {}, clock: systemClock, random: Math.random });
}

/** Asks `requests` questions, all at once: the milliseconds until the last answer, and until nine tenths, and how many came. */
export async function askAll(
  model: Model,
  requests: number,
  salt = '',
): Promise<{ tookMs: number; mostMs: number; answered: number }> {
  const startedMs = performance.now();
  let mostMs = 0;
  let done = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: requests }, async (_, seq) => {
      const turn = { kind: 'user', text: `question ${seq} ${salt}` } as const;
      await model.complete({ seq, turn, n: 1, tokensMax: 4096, temperature: 1, topP: 1, seed: seq });
      done += 1;
      if (done === Math.floor(requests * 0.9)) mostMs = performance.now() - startedMs;
    }),
  );
  const answered = outcomes.filter(({ status }) => status === 'fulfilled').length;
  return { tookMs: performance.now() - startedMs, mostMs, answered };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** `0.98 (0.97-0.99)`: median and range. */
export function spread(values: readonly number[], digits = 3): string {
  const range = `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
  return `${median(values).toFixed(digits)} (${range})`;
}
