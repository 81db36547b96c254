import { z } from 'zod';
import { BATCH_UNREACHABLE_MS_DEFAULT } from '../limits.js';
import { loadOptions } from '../server/serverOptions.js';

/** The options that all models behind batch APIs share. */
export const batchOptions = {
  gatherMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(5_000)
    .describe('A batch that is not full is sent when no new request came for so long, in milliseconds.'),
  pollMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(30_000)
    .describe('How often a batch is asked whether it is done, in milliseconds.'),
  timeoutMs: loadOptions.timeoutMs,
  retriesMax: loadOptions.retriesMax,
  unreachableMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(BATCH_UNREACHABLE_MS_DEFAULT)
    .describe('How long the API may be unreachable before the run ends, in milliseconds.'),
};

/** Most requests of one batch, of which the service takes `limit`; `what` is its word for a batch. */
export function sizeOption(what: string, limit: number, takes: string) {
  return z
    .int()
    .min(1)
    .max(limit)
    .default(1000)
    .describe(`Most requests in one ${what}; its replies must fit into 64 MiB. ${takes}`);
}

/** A refinement: a batch belongs to one account. */
export function checkAccount({ replicas }: { replicas: readonly string[] }, context: z.RefinementCtx): void {
  if (replicas.length === 1) return;
  const message = 'expected one url: a batch belongs to one account';
  context.addIssue({ code: 'custom', path: ['replicas'], message });
}
