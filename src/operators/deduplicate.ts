import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP, drop } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import { createBands } from './lib/near/bands.js';
import { type Fingerprint, createFingerprints } from './lib/near/fingerprint.js';
import { type KeySet, createKeySet } from './lib/near/keySet.js';
import { BYTES_PER_MIB, createMemoryBudget } from './lib/near/memoryBudget.js';
import { type NearIndex, createNearIndex } from './lib/near/nearIndex.js';
import { shinglesReader } from './lib/near/shingles.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  similarityMin: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(0.8)
    .describe(
      'A question is a near-duplicate when its word 3-grams have at least this Jaccard similarity to those of an earlier ' +
        'question. With null, only exact copies are found.',
    ),
  ignoreNumbers: z
    .boolean()
    .default(false)
    .describe(
      'All numbers count as the same word, so that variants of one word problem with other numbers are duplicates.',
    ),
  memoryMiB: z
    .int()
    .min(1)
    .default(4096)
    .describe(
      'The most memory for the questions that passed, 3,000 to 4,000 of 47 words a MiB. Beyond it the run ends with ERR_MEMORY; with a ' +
        'larger number it goes on. It decides no row.',
    ),
});

/** Options of `deduplicate`. */
export interface DeduplicateOptions {
  /**
   * A question is a near-duplicate when its word 3-grams have at least this Jaccard similarity to those of an earlier
   * question. With null, only exact copies are found.
   *
   * @default 0.8
   */
  similarityMin?: number | null;
  /**
   * All numbers count as the same word, so that variants of one word problem with other numbers are duplicates.
   *
   * @default false
   */
  ignoreNumbers?: boolean;
  /**
   * The most memory for the questions that passed, 3,000 to 4,000 of 47 words a MiB. Beyond it the run ends with ERR_MEMORY; with a
   * larger number it goes on. It decides no row.
   *
   * @default 4096
   */
  memoryMiB?: number;
}

export const deduplicateSpec = defineSpec({
  name: 'deduplicate',
  summary: 'Drops questions that came before in this run, word for word or nearly so; the first one stays.',
  details:
    'Exact copies are found after case, spaces and punctuation are folded. Questions that meet in a band of their ' +
    'signatures (locality-sensitive hashing) are compared 3-gram by 3-gram; 98 of 100 pairs at the threshold meet, and nearly all ' +
    'above it. Of a question of more than 256 3-grams a sample is compared. A question of 47 words that passed takes 220 to 290 ' +
    'bytes of memory with `similarityMin: 0.8`, 310 to 420 with 0.7, and 10 to 15 with null. Earlier means a lower position ' +
    'in the source, never an earlier arrival.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: () => [],
  memoryMiB: ({ similarityMin }, rows) => (rows * bytesOf(similarityMin)) / BYTES_PER_MIB,
  drops: {
    duplicate: 'word for word the same as an earlier question',
    nearDuplicate: 'nearly the same as an earlier question',
  },
  thresholds: ({ similarityMin }) => [
    {
      ...{
        option: 'similarityMin',
        meaning: 'similarity to an earlier question',
        keeps: 'below',
        value: similarityMin,
      },
      // A row that comes back is compared with, and with another threshold other rows meet: such counts are never exact.
      ...{ column: null, drops: 'nearDuplicate', range: [null, 1], isOnly: false },
    },
  ],
  contract: {
    ...IMMEDIATE,
    holdsAtMost: 'one batch, and memoryMiB for the questions that passed',
  },
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- deduplicate: { similarityMin: 0.8 }`,
  operator: deduplicate,
});

/** Bytes for a question of 47 words, where tables are as full as they are on average. */
function bytesOf(similarityMin: number | null): number {
  if (similarityMin === null) return PAIR_BYTES;
  return PAIR_BYTES * (1 + createBands(similarityMin).count) + 2 * TYPICAL_SHINGLES + 4;
}

const PAIR_BYTES = 12;
const TYPICAL_SHINGLES = 45;

/** The questions that passed. */
interface Seen {
  keys: KeySet;
  near: NearIndex | null;
}

/**
 * Drops questions that came before in this run, word for word or nearly so; the first one stays.
 *
 * Reads `question`; drops as `duplicate` or `nearDuplicate`. Method: locality-sensitive hashing of sketches of word 3-grams
 * (Broder 1997; Dahlgaard, Knudsen and Thorup 2017), and comparison of the 3-grams. State: about 0.3 KB a question kept, at
 * most `memoryMiB`.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it, and with ERR_MEMORY if the questions that passed need more than `memoryMiB`.
 * @example
 * source.pipe(generate({ generators: [{ model: 'tiny' }] }, context), deduplicate({ similarityMin: 0.8 }, context));
 */
export function deduplicate(
  input: DeduplicateOptions,
  context: RunContext,
): BatchOperator<{ question: string }, NoColumns> {
  const parsed = parseOptions('deduplicate', options, input);
  const { similarityMin, ignoreNumbers } = parsed;
  const shape = shapeOf(deduplicateSpec, parsed, context);
  const bands = similarityMin === null ? null : createBands(similarityMin);
  const read = shinglesReader({ ignoreNumbers });
  const fingerprints = createFingerprints(bands);
  let last: { delta: string; fingerprint: Fingerprint } | null = null;

  function init(): Seen {
    const budget = createMemoryBudget(
      parsed.memoryMiB,
      () => `${keys.size.toLocaleString('en')} questions of ${shape.step}`,
    );
    const keys = createKeySet(budget);
    return { keys, near: bands && createNearIndex(similarityMin!, bands, budget) };
  }

  return scanRows(
    shape,
    {
      init,
      expect({ keys, near }, deltas) {
        keys.expect(deltas);
        near?.expect(deltas);
      },
      decide({ keys, near }, { question }) {
        const shingles = read(question);
        if (keys.has(shingles.keyLow, shingles.keyHigh)) return { outcome: drop('duplicate') };
        const fingerprint = fingerprints.of(shingles);
        const found = near?.find(shingles, fingerprint);
        if (found) return { outcome: drop('nearDuplicate', `similarity ${found.similarity.toFixed(3)}`) };
        last = { delta: fingerprints.encode(), fingerprint };
        return { outcome: KEEP, delta: last.delta };
      },
      apply({ keys, near }, delta: string) {
        // The fingerprint of a row that was just decided is still there.
        const fingerprint = last?.delta === delta ? last.fingerprint : fingerprints.decode(delta);
        last = null;
        keys.add(fingerprint.keyLow, fingerprint.keyHigh);
        near?.add(fingerprint);
      },
    },
    context.restored?.(shape.step),
  );
}
