import type { Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import type { RunningEndpoint } from '../endpoint/start.js';

/** What the benches of the pool share: a model over simulated servers, many requests at once. */

export function modelOver(endpoints: readonly RunningEndpoint[], changes: object = {}): Promise<Model> {
  const replicas = endpoints.map(({ url }) => `${url}/v1`);
  return openModel('m', { openai: { replicas, model: 'm', ...changes } }, { env: {}, folder: '.' });
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
      const message = { kind: 'user', text: `question ${seq} ${salt}` } as const;
      await model.complete({ seq, message, n: 1, tokensMax: 4096, temperature: 1, topP: 1, seed: seq });
      done += 1;
      if (done === Math.floor(requests * 0.9)) mostMs = performance.now() - startedMs;
    }),
  );
  const answered = outcomes.filter(({ status }) => status === 'fulfilled').length;
  return { tookMs: performance.now() - startedMs, mostMs, answered };
}
