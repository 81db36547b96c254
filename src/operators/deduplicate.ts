import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP, type Outcome, drop } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import { createBands } from './lib/near/bands.js';
import { type Fingerprint, createFingerprints } from './lib/near/fingerprint.js';
import { type KeySet, createKeySet } from './lib/near/keySet.js';
import { BYTES_PER_MIB, createMemoryBudget } from './lib/near/memoryBudget.js';
import { type NearIndex, createNearIndex } from './lib/near/nearIndex.js';
import { shinglesReader } from './lib/near/shingles.js';
import { type ClusterDelta, foldClusters } from './lib/semantic/clusters.js';
import { embedTexts } from './lib/semantic/embedTexts.js';
import { decodeVector, encodeVector } from './lib/semantic/vectorDelta.js';
import { vectorIndexBytes } from './lib/semantic/vectorBanks.js';
import { type VectorIndex, createVectorIndex } from './lib/semantic/vectorIndex.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const SIMILARITY_MIN = {
  help:
    'A question is a near-duplicate when its similarity to an earlier one is at least this. By words: the Jaccard similarity of their ' +
    'word 3-grams, 0.8 if absent; with null, only exact copies are found. By embedding: the cosine of their vectors; it must be given, ' +
    'because it depends on the model.',
  ofWords: 0.8,
};

const options = z
  .strictObject({
    by: z
      .enum(['words', 'embedding'])
      .default('words')
      .describe(
        'What is compared: `words`, which asks no model, or the vectors that an embedding model gives the questions (`embedding`), ' +
          'which finds the same question in other words.',
      ),
    model: z
      .string()
      .optional()
      .describe('A name from `models`, for `by: embedding`: a model that gives vectors.'),
    similarityMin: z.number().gt(0).max(1).nullable().optional().describe(SIMILARITY_MIN.help),
    ignoreNumbers: z
      .boolean()
      .default(false)
      .describe(
        'By words: all numbers count as the same word, so that variants of one word problem with other numbers are duplicates.',
      ),
    prefix: z
      .string()
      .default('')
      .describe('By embedding: text before each question, as some models expect one (`clustering: `).'),
    dimensions: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe(
        'By embedding: the length of the model’s vectors. With it `check` knows the memory that `limit` or `target` takes, and a vector ' +
          'of another length ends the run.',
      ),
    memoryMiB: z
      .int()
      .min(1)
      .default(4096)
      .describe(
        'The most memory for the questions that passed: by words 3,000 to 4,000 of 47 words a MiB, by embedding 2,600 of 384 ' +
          'dimensions. Beyond it the run ends with ERR_MEMORY; with a larger number it goes on. It decides no row.',
      ),
  })
  .superRefine((given, context) => {
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (given.by === 'words') {
      for (const name of ['model', 'dimensions'] as const)
        if (given[name] !== undefined)
          fault(name, `found \`${name}\` without \`by: embedding\`, expected both or neither`);
      if (given.prefix !== '')
        fault('prefix', 'found `prefix` without `by: embedding`, expected both or neither');
      return;
    }
    if (given.model === undefined) fault('model', 'expected a name from `models`: one that gives vectors');
    if (typeof given.similarityMin !== 'number')
      fault('similarityMin', 'expected a number with `by: embedding`, such as 0.95; it depends on the model');
    if (given.ignoreNumbers)
      fault('ignoreNumbers', 'found `ignoreNumbers` with `by: embedding`, expected `by: words`');
  });

/** Options of `deduplicate`. */
export interface DeduplicateOptions {
  /**
   * What is compared: `words`, which asks no model, or the vectors that an embedding model gives the questions (`embedding`), which
   * finds the same question in other words.
   *
   * @default "words"
   */
  by?: 'words' | 'embedding';
  /** A name from `models`, for `by: embedding`: a model that gives vectors. */
  model?: string;
  /**
   * A question is a near-duplicate when its similarity to an earlier one is at least this. By words: the Jaccard similarity of their
   * word 3-grams, 0.8 if absent; with null, only exact copies are found. By embedding: the cosine of their vectors; it must be given,
   * because it depends on the model.
   */
  similarityMin?: number | null;
  /**
   * By words: all numbers count as the same word, so that variants of one word problem with other numbers are duplicates.
   *
   * @default false
   */
  ignoreNumbers?: boolean;
  /**
   * By embedding: text before each question, as some models expect one (`clustering: `).
   *
   * @default ""
   */
  prefix?: string;
  /**
   * By embedding: the length of the model’s vectors. With it `check` knows the memory that `limit` or `target` takes, and a vector of
   * another length ends the run.
   */
  dimensions?: number;
  /**
   * The most memory for the questions that passed: by words 3,000 to 4,000 of 47 words a MiB, by embedding 2,600 of 384 dimensions.
   * Beyond it the run ends with ERR_MEMORY; with a larger number it goes on. It decides no row.
   *
   * @default 4096
   */
  memoryMiB?: number;
}

type Parsed = z.output<typeof options>;

/** The threshold that applies; null where only exact copies are found. */
export function similarityMinOf({ similarityMin }: Pick<Parsed, 'similarityMin'>): number | null {
  return similarityMin === undefined ? SIMILARITY_MIN.ofWords : similarityMin;
}

export const deduplicateSpec = defineSpec({
  name: 'deduplicate',
  summary:
    'Drops questions that came before in this run, word for word, nearly so, or in other words; the first one stays.',
  details:
    'By words, exact copies are found after case, spaces and punctuation are folded. Questions that meet in a band of their ' +
    'signatures (locality-sensitive hashing) are compared 3-gram by 3-gram; 98 of 100 pairs at the threshold meet, and nearly all ' +
    'above it. Of a question of more than 256 3-grams a sample is compared. A question of 47 words that passed takes 220 to 290 ' +
    'bytes of memory with `similarityMin: 0.8`, 310 to 420 with 0.7, and 10 to 15 with null. By embedding, each question is compared ' +
    'with all that passed, exactly: vectors are rounded to whole numbers from -127 to 127, so the same replies decide the same on any ' +
    'machine. It takes a byte of memory a dimension, and time that grows with the questions (docs/scale.md). The message of a dropped ' +
    'row names the row that it is nearest to, and the report has the number and the sizes of the clusters. A step by words before it ' +
    'saves requests. Earlier means a lower position in the source, never an earlier arrival.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: ({ model }) => (model === undefined ? [] : [{ model, needs: 'embed', at: ['model'] }]),
  memoryMiB: (parsed, rows) => bytesOf(parsed, rows) / BYTES_PER_MIB,
  drops: {
    duplicate: 'word for word the same as an earlier question',
    nearDuplicate: 'nearly the same as an earlier question',
  },
  thresholds: (parsed) => [
    {
      ...{
        option: 'similarityMin',
        meaning: 'similarity to an earlier question',
        keeps: 'below',
        value: similarityMinOf(parsed),
      },
      // A row that comes back is compared with, and with another threshold other rows meet: such counts are never exact.
      ...{ column: null, drops: 'nearDuplicate', range: [null, 1], isOnly: false },
    },
  ],
  contract: {
    ...IMMEDIATE,
    emits: 'each batch at once; by embedding, when the vectors of its rows are there',
    holdsAtMost:
      'one batch, or by embedding the batches that the gate lets through (windowRows); and memoryMiB for the questions that passed',
  },
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- deduplicate: { similarityMin: 0.8 }`,
  operator: deduplicate,
  figures: ({ by }) => (by === 'embedding' ? foldClusters() : null),
});

function bytesOf(parsed: Parsed, rows: number): number {
  const { by, dimensions } = parsed;
  if (by === 'words') return rows * wordBytesOf(similarityMinOf(parsed));
  return dimensions === undefined ? 0 : vectorIndexBytes(dimensions, rows);
}

/** Bytes for a question of 47 words, where tables are as full as they are on average. */
function wordBytesOf(similarityMin: number | null): number {
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
 * Drops questions that came before in this run, word for word, nearly so, or in other words; the first one stays.
 *
 * Reads `question`; drops as `duplicate` or `nearDuplicate`. Method by words: locality-sensitive hashing of sketches of word 3-grams
 * (Broder 1997; Dahlgaard, Knudsen and Thorup 2017), and comparison of the 3-grams. By embedding: the cosine to all questions that
 * passed. State: about 0.3 KB a question kept, or a byte a dimension; at most `memoryMiB`.
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
  return parsed.by === 'embedding' ? byEmbedding(parsed, context) : byWords(parsed, context);
}

function byWords(parsed: Parsed, context: RunContext): BatchOperator<{ question: string }, NoColumns> {
  const { ignoreNumbers } = parsed;
  const similarityMin = similarityMinOf(parsed);
  const shape = shapeOf(deduplicateSpec, parsed, context);
  const bands = similarityMin === null ? null : createBands(similarityMin);
  const read = shinglesReader({ ignoreNumbers });
  const fingerprints = createFingerprints(bands);
  let last: { delta: Uint8Array; fingerprint: Fingerprint } | null = null;

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
      apply({ keys, near }, delta: Uint8Array) {
        // The fingerprint of a row that was just decided is still there.
        const fingerprint = last?.delta === delta ? last.fingerprint : fingerprints.decode(delta);
        last = null;
        keys.add(fingerprint.keyLow, fingerprint.keyHigh);
        near?.add(fingerprint);
      },
      async applyAll({ keys, near }, pieces: AsyncIterable<readonly Uint8Array[]>) {
        const filler = near?.fill();
        for await (const deltas of pieces) {
          for (const delta of deltas) {
            const fingerprint = fingerprints.decode(delta);
            keys.add(fingerprint.keyLow, fingerprint.keyHigh);
            filler?.add(fingerprint);
          }
          if (filler?.isFull()) await filler.put();
        }
        await filler?.end();
      },
    },
    context.restored?.(shape.step),
  );
}

function byEmbedding(parsed: Parsed, context: RunContext): BatchOperator<{ question: string }, NoColumns> {
  const { prefix, dimensions } = parsed;
  const asked = { model: parsed.model!, prefix, dimensions };
  const shape = shapeOf(deduplicateSpec, parsed, context);

  function init(): VectorIndex {
    const what = (): string => `${index.size.toLocaleString('en')} vectors of ${shape.step}`;
    const index = createVectorIndex(similarityMinOf(parsed)!, createMemoryBudget(parsed.memoryMiB, what));
    return index;
  }

  return scanRows(
    shape,
    {
      init,
      prepare: async ({ seq, question }) => (await embedTexts(context, asked, seq, [question]))[0]!,
      decide(index, { seq }, vector): { outcome: Outcome<NoColumns>; delta: ClusterDelta } {
        const found = index.nearest(vector);
        if (!found) return { outcome: KEEP, delta: encodeVector(vector, seq) };
        const message = `row ${found.label}, similarity ${found.similarity.toFixed(3)}`;
        return { outcome: drop('nearDuplicate', message), delta: found.number };
      },
      apply(index, delta) {
        if (typeof delta === 'number') return;
        const { vector, label } = decodeVector(delta);
        index.add(vector, label);
      },
    },
    context.restored?.(shape.step),
  );
}
