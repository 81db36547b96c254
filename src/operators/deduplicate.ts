import xxhash from 'xxhash-wasm';
import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP, drop } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import {
  type MinHashIndex,
  type Signature,
  createMinHashIndex,
  minHashSignature,
} from './lib/minHashIndex.js';
import { words } from './lib/words.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const { h64 } = await xxhash();

const options = z.strictObject({
  similarityMin: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(0.8)
    .describe(
      'A question is a near-duplicate when its word 3-grams have at least this Jaccard similarity to those of an earlier ' +
        'question, estimated from 128 MinHashes. With null, only exact copies are found.',
    ),
});

/** Options of `deduplicate`. */
export interface DeduplicateOptions {
  /**
   * A question is a near-duplicate when its word 3-grams have at least this Jaccard similarity to those of an earlier
   * question, estimated from 128 MinHashes. With null, only exact copies are found.
   *
   * @default 0.8
   */
  similarityMin?: number | null;
}

export const deduplicateSpec = defineSpec({
  name: 'deduplicate',
  summary: 'Drops questions that came before in this run, word for word or nearly so; the first one stays.',
  details:
    'Exact copies are found after case, spaces and punctuation are folded; near copies by MinHash signatures in a banded LSH ' +
    'index. It keeps about 0.5 KB in memory for each question that passed, 0.1 KB without near copies. Earlier means a lower ' +
    'position in the source, never an earlier arrival.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: () => [],
  drops: {
    duplicate: 'word for word the same as an earlier question',
    nearDuplicate: 'nearly the same as an earlier question',
  },
  contract: {
    ...IMMEDIATE,
    holdsAtMost: 'one batch, and the hashes and signatures of the questions that passed',
  },
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- deduplicate: { similarityMin: 0.8 }`,
  operator: deduplicate,
});

interface Seen {
  exact: Set<bigint>;
  near: MinHashIndex | null;
}

interface Fingerprint {
  question: string;
  key: bigint;
  signature: Signature | null;
}

/**
 * Drops questions that came before in this run, word for word or nearly so; the first one stays.
 *
 * Reads `question`; drops as `duplicate` or `nearDuplicate`. Method: MinHash signatures of word 3-grams in a banded LSH index
 * (Broder 1997). State: about 0.5 KB a question kept.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(generate({ generators: [{ model: 'tiny' }] }, context), deduplicate({ similarityMin: 0.8 }, context));
 */
export function deduplicate(
  input: DeduplicateOptions,
  context: RunContext,
): BatchOperator<{ question: string }, NoColumns> {
  const parsed = parseOptions('deduplicate', options, input);
  const { similarityMin } = parsed;
  const shape = shapeOf(deduplicateSpec, parsed, context);
  let last: Fingerprint | null = null;

  /** `decide` and then `apply` ask for the same question; the second call costs nothing. */
  function fingerprint(question: string): Fingerprint {
    if (last?.question === question) return last;
    const tokens = words(question);
    const signature = similarityMin === null ? null : minHashSignature(tokens);
    last = { question, key: h64(tokens.join(' ')), signature };
    return last;
  }

  return scanRows(
    shape,
    {
      init: (): Seen => ({
        exact: new Set(),
        near: similarityMin === null ? null : createMinHashIndex(similarityMin),
      }),
      decide({ exact, near }, { question }) {
        const { key, signature } = fingerprint(question);
        if (exact.has(key)) return { outcome: drop('duplicate') };
        const found = near?.find(signature!);
        if (found) return { outcome: drop('nearDuplicate', `similarity ${found.similarity.toFixed(3)}`) };
        return { outcome: KEEP, delta: question };
      },
      apply({ exact, near }, question: string) {
        const { key, signature } = fingerprint(question);
        exact.add(key);
        near?.add(signature!);
      },
    },
    context.restored?.(shape.step),
  );
}
