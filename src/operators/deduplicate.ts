import xxhash from 'xxhash-wasm';
import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { KEEP, drop } from '../flow/outcome.js';
import { scanRows } from '../flow/scanRows.js';
import {
  type NearDuplicates,
  type Signature,
  createNearDuplicates,
  signatureOf,
  words,
} from './lib/nearDuplicates.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const { h64 } = await xxhash();

const options = z.strictObject({
  similarityMin: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(0.8)
    .describe(
      'A question whose word 3-grams overlap an earlier one’s by at least this (Jaccard, estimated from 128 MinHashes) ' +
        'is a near-duplicate; null looks for exact copies alone.',
    ),
});

export type DeduplicateOptions = z.input<typeof options>;

export const deduplicateSpec: OperatorSpec<typeof options> = {
  name: 'deduplicate',
  summary: 'Drops questions that were asked before in this run, word for word or nearly so; the first stays.',
  details:
    'Exact copies are found after folding case, spaces and punctuation; near copies by MinHash signatures in a banded ' +
    'index. The memory is about 0.5 KB a question that passed (0.1 KB without near copies). Earlier means a lower ' +
    'position in the source, never an earlier arrival.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: () => [],
  drops: {
    duplicate: 'word for word the same as an earlier question',
    nearDuplicate: 'nearly the same as an earlier question',
  },
  contract: { ...IMMEDIATE, holdsAtMost: 'one batch, and what it remembers of the questions that passed' },
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- deduplicate: { similarityMin: 0.8 }`,
  operator: deduplicate,
};

interface Seen {
  exact: Set<bigint>;
  near: NearDuplicates | null;
}

interface Fingerprint {
  question: string;
  key: bigint;
  signature: Signature | null;
}

export function deduplicate(input: DeduplicateOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { similarityMin } = parsed;
  const shape = shapeOf(deduplicateSpec, parsed, context);
  let last: Fingerprint | null = null;

  /** `decide` and then `apply` ask for the same question: the second is free. */
  function fingerprint(question: string): Fingerprint {
    if (last?.question === question) return last;
    const tokens = words(question);
    const signature = similarityMin === null ? null : signatureOf(tokens);
    last = { question, key: h64(tokens.join(' ')), signature };
    return last;
  }

  return scanRows<Seen, string>(
    shape,
    {
      init: () => ({
        exact: new Set(),
        near: similarityMin === null ? null : createNearDuplicates(similarityMin),
      }),
      decide({ exact, near }, row) {
        const question = row['question'] as string;
        const { key, signature } = fingerprint(question);
        if (exact.has(key)) return { outcome: drop('duplicate') };
        const found = near?.find(signature!);
        if (found) return { outcome: drop('nearDuplicate', `similarity ${found.similarity.toFixed(3)}`) };
        return { outcome: KEEP, delta: question };
      },
      apply({ exact, near }, question) {
        const { key, signature } = fingerprint(question);
        exact.add(key);
        near?.add(signature!);
      },
    },
    (context.restored?.(shape.step) ?? []) as string[],
  );
}
