import { z } from 'zod';
import { RowError, ScaleQuestError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP, drop } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import { forEachInTurns } from '../flow/turns.js';
import { type Overlap, benchmarkWords, createBenchmarkIndex } from './lib/benchmarkIndex.js';
import { createMemoryBudget } from './lib/near/memoryBudget.js';
import { embedTexts } from './lib/semantic/embedTexts.js';
import { createVectorIndex } from './lib/semantic/vectorIndex.js';
import {
  type FiguresFold,
  IMMEDIATE,
  defineSpec,
  type RunContext,
  parseOptions,
  shapeOf,
} from './lib/operator.js';

const benchmark = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      'A file of rows in a format that `source` reads, or a folder of such files; relative to the pipeline file.',
    ),
  column: z.string().min(1).default('question').describe('The column that holds its questions.'),
  name: z.string().min(1).optional().describe('Its name in the report; the file’s name if absent.'),
});

const options = z
  .strictObject({
    by: z
      .enum(['words', 'embedding'])
      .default('words')
      .describe(
        'What is compared: runs of words (`words`), or the vectors that an embedding model gives the questions (`embedding`), which ' +
          'finds a benchmark question in other words.',
      ),
    model: z
      .string()
      .optional()
      .describe('A name from `models`, for `by: embedding`: a model that gives vectors.'),
    similarityMin: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        'By embedding: a question is dropped when the cosine of its vector and that of a benchmark question is at least this. It must be ' +
          'given, because it depends on the model.',
      ),
    prefix: z
      .string()
      .default('')
      .describe('By embedding: text before each question, as some models expect one (`clustering: `).'),
    benchmarks: z
      .array(benchmark)
      .min(1)
      .refine((all) => new Set(all.map(nameOf)).size === all.length, 'expected another `name` for each')
      .describe('The benchmarks whose questions must not be in the set.'),
    wordsMin: z
      .int()
      .min(1)
      .default(13)
      .describe(
        'How many consecutive words must match: the n of the n-grams. A question with fewer words must match as a whole.',
      ),
    overlapMin: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Which share of the n-grams must match, counted over the question that has fewer of them. With 0, one is enough.',
      ),
    keepRows: z.boolean().default(false).describe('Keep the rows and only report the overlaps.'),
  })
  .superRefine((given, context) => {
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const isByWords = given.by === 'words';
    for (const name of ['model', 'similarityMin'] as const) {
      if (isByWords && given[name] !== undefined)
        fault(name, `found \`${name}\` without \`by: embedding\`, expected both or neither`);
      if (!isByWords && given[name] === undefined) fault(name, MISSING[name]);
    }
    if (isByWords && given.prefix !== '')
      fault('prefix', 'found `prefix` without `by: embedding`, expected both or neither');
  });

const MISSING = {
  model: 'expected a name from `models`: one that gives vectors',
  similarityMin: 'expected a number with `by: embedding`, such as 0.9; it depends on the model',
};

/** Options of `decontaminate`. */
export interface DecontaminateOptions {
  /**
   * What is compared: runs of words (`words`), or the vectors that an embedding model gives the questions (`embedding`), which finds a
   * benchmark question in other words.
   *
   * @default "words"
   */
  by?: 'words' | 'embedding';
  /** A name from `models`, for `by: embedding`: a model that gives vectors. */
  model?: string;
  /**
   * By embedding: a question is dropped when the cosine of its vector and that of a benchmark question is at least this. It must be
   * given, because it depends on the model.
   */
  similarityMin?: number;
  /**
   * By embedding: text before each question, as some models expect one (`clustering: `).
   *
   * @default ""
   */
  prefix?: string;
  /** The benchmarks whose questions must not be in the set. */
  benchmarks: BenchmarkOptions[];
  /**
   * How many consecutive words must match: the n of the n-grams. A question with fewer words must match as a whole.
   *
   * @default 13
   */
  wordsMin?: number;
  /**
   * Which share of the n-grams must match, counted over the question that has fewer of them. With 0, one is enough.
   *
   * @default 0
   */
  overlapMin?: number;
  /**
   * Keep the rows and only report the overlaps.
   *
   * @default false
   */
  keepRows?: boolean;
}

/** A test set that the written set must not give away. */
export interface BenchmarkOptions {
  /** A file of rows in a format that `source` reads, or a folder of such files; relative to the pipeline file. */
  path: string;
  /**
   * The column that holds its questions.
   *
   * @default "question"
   */
  column?: string;
  /** Its name in the report; the file’s name if absent. */
  name?: string;
}

/** Number of a benchmark that a question overlaps with → those of its rows that no earlier question overlapped with. */
type Hits = Record<number, number[]>;

export const decontaminateSpec = defineSpec({
  name: 'decontaminate',
  summary:
    'Drops questions that share an n-gram of words with a question of a benchmark, or ask the same in other words.',
  details:
    'This is the paper’s leak check (13-grams) with GPT-3’s rule (Brown et al. 2020): words are compared ' +
    'without case and punctuation, and a shorter question must be the same as a whole. Signs separate ' +
    'words, so the spacing of a formula does not matter. Numbers are words, without their thousands’ ' +
    'commas. `overlapMin` spares phrases that many questions share (Qwen2.5-Math asks for 0.6 of a ' +
    'common sequence beside a 13-gram). For each benchmark the report gives its rows, the rows that were ' +
    'hit, the clean share (the share of rows that no question overlapped with), and how many questions ' +
    'hit it. It counts the questions that reach this step: put it last, with `keepRows`, to measure the ' +
    'kept set, and early to save work. It takes 1.5 KB of memory for a benchmark question of 50 words. By ' +
    'embedding, the model is asked for the vector of each benchmark question before the first row, and questions ' +
    'are compared as in `deduplicate`: exactly, in whole numbers.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [],
  models: ({ model }) => (model === undefined ? [] : [{ model, needs: 'embed', at: ['model'] }]),
  texts: ({ benchmarks }) =>
    benchmarks.map(({ path, column }, index) => ({ path, column, at: ['benchmarks', index] })),
  drops: {
    overlap:
      'it shares `wordsMin` consecutive words, and `overlapMin` of its n-grams, with a question of a benchmark; or by embedding it is ' +
      'as similar to one as `similarityMin`',
  },
  contract: { ...IMMEDIATE, holdsAtMost: 'one batch, and the hashed runs of words of the benchmarks' },
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- decontaminate: { benchmarks: [{ path: ../models/heldout.jsonl }], wordsMin: 8 }`,
  operator: decontaminate,
  figures: foldHits,
});

interface State {
  index: QuestionIndex;
  /** By number in the index: 1 for a row that was hit. */
  isHit: Uint8Array;
}

/** The questions of all benchmarks, and those of them that are like another question. */
interface QuestionIndex {
  /** The next question. Waits for a model, if one is asked. */
  add(question: string): Promise<void> | void;
  /** `vector`: of the question, where a model was asked for it. */
  find(question: string, vector: Int8Array | undefined): Overlap[];
}

type TextsContext = Pick<RunContext, 'texts'>;

/** A benchmark, and the number of its first row in the index. */
interface IndexedBenchmark {
  number: number;
  name: string;
  first: number;
  rows: number;
}

/**
 * Drops questions that share an n-gram of words with a question of a benchmark, or ask the same in other words.
 *
 * Reads `question`; drops as `overlap`. Method: the 13-gram check of GPT-3 (Brown et al. 2020, appendix C).
 * The texts to compare with come from `context.texts`; without it the stream ends with ERR_PIPELINE_INVALID.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * const gsm8k = await readTexts('gsm8k-test.jsonl', 'question');
 * const context = createContext({ seed: 7, models, texts: () => gsm8k });
 * source.pipe(decontaminate({ benchmarks: [{ path: 'gsm8k-test.jsonl' }] }, context));
 */
export function decontaminate(
  input: DecontaminateOptions,
  context: RunContext,
): BatchOperator<{ question: string }, NoColumns> {
  const parsed = parseOptions('decontaminate', options, input);
  const { by, keepRows } = parsed;
  const shape = shapeOf(decontaminateSpec, parsed, context);
  /** Empty until rows flow: `check` builds the operator without texts. */
  let indexed: IndexedBenchmark[] = [];

  function init(): State {
    indexed = indexedBenchmarks(parsed, context);
    const rows = indexed.reduce((sum, benchmark) => sum + benchmark.rows, 0);
    const index = by === 'embedding' ? vectorsIndex(parsed, context) : wordsIndex(parsed);
    return { index, isHit: new Uint8Array(rows) };
  }

  /** One question at a time: the words of all questions together would take more memory than the index. */
  async function fill({ index }: State, isStopped: () => boolean): Promise<void> {
    for (const questions of questionsOf(parsed, context)) {
      if (by === 'embedding') await addInGroups(index, questions, isStopped);
      else await forEachInTurns(questions.length, (at) => void index.add(questions[at]!), isStopped);
    }
  }

  function hitsOf(state: State, overlaps: readonly Overlap[]): Hits {
    const hits: Hits = {};
    for (const { item } of overlaps) {
      const { number, first } = benchmarkOf(indexed, item);
      const firstHits = (hits[number] ??= []);
      if (state.isHit[item] === 0) firstHits.push(item - first);
    }
    return hits;
  }

  async function vectorOf({ seq, question }: { seq: number; question: string }): Promise<Int8Array> {
    return (await embedTexts(context, askedOf(parsed), seq, [question]))[0]!;
  }

  return scanRows(
    shape,
    {
      init,
      fill,
      ...(by === 'embedding' ? { prepare: vectorOf } : {}),
      decide(state, { question }, vector: Int8Array | undefined) {
        const overlaps = state.index.find(question, vector);
        if (overlaps.length === 0) return { outcome: KEEP };
        const outcome = keepRows ? KEEP : drop('overlap', describe(overlaps, indexed, MEASURES[by]));
        return { outcome, delta: hitsOf(state, overlaps) };
      },
      apply({ isHit }, hits: Hits) {
        for (const { number, first } of indexed) for (const row of hits[number] ?? []) isHit[first + row] = 1;
      },
    },
    context.restored?.(shape.step),
  );
}

const MEASURES = { words: 'overlap', embedding: 'similarity' } as const;

type Parsed = z.output<typeof options>;

function askedOf({ model, prefix }: Parsed) {
  return { model: model!, prefix };
}

function wordsIndex({ wordsMin, overlapMin }: Parsed): QuestionIndex {
  const index = createBenchmarkIndex(wordsMin);
  return {
    add: (question) => index.add(benchmarkWords(question)),
    find: (question) => index.find(benchmarkWords(question)).filter(({ share }) => share >= overlapMin),
  };
}

/** Benchmark questions that are asked for at a time. */
const GROUP = 64;
const BENCHMARKS_MIB = 4096;

async function addInGroups(
  index: QuestionIndex,
  questions: readonly string[],
  isStopped: () => boolean,
): Promise<void> {
  for (let at = 0; at < questions.length && !isStopped(); at += GROUP)
    await Promise.all(questions.slice(at, at + GROUP).map(async (question) => index.add(question)));
}

/** Vectors come in any order; each is labelled with the number of its question. */
function vectorsIndex(parsed: Parsed, context: RunContext): QuestionIndex {
  const budget = createMemoryBudget(BENCHMARKS_MIB, () => 'the questions of the benchmarks');
  const index = createVectorIndex(parsed.similarityMin!, budget);
  let next = 0;

  async function add(question: string): Promise<void> {
    const item = next++;
    if (question.trim() === '') return;
    index.add(await benchmarkVector(parsed, context, question, item), item);
  }

  return {
    add,
    find: (_question, vector) =>
      index
        .within(vector!)
        .map(({ label, similarity }) => ({ item: label, share: similarity }))
        .sort((a, b) => a.item - b.item),
  };
}

/** Without the vector of one of its questions a benchmark would not be looked for as a whole, so the run ends. */
async function benchmarkVector(
  parsed: Parsed,
  context: RunContext,
  question: string,
  item: number,
): Promise<Int8Array> {
  try {
    return (await embedTexts(context, askedOf(parsed), 0, [question]))[0]!;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const { name, first } = benchmarkOf(indexedBenchmarks(parsed, context), item);
    const message = `found no vector of ${name} row ${item - first}, expected one from model ${parsed.model}: ${error.message}`;
    throw new ScaleQuestError('ERR_MODEL_REFUSED', message, { cause: error });
  }
}

function nameOf({ name, path }: z.output<typeof benchmark>): string {
  return name ?? path.replace(/^.*[/\\](?=[^/\\])/, '').replace(/(\.[a-z]+|[/\\])$/, '');
}

function questionsOf(
  { benchmarks }: z.output<typeof options>,
  { texts }: TextsContext,
): (readonly string[])[] {
  if (texts) return benchmarks.map(({ path, column }) => texts(path, column));
  throw new ScaleQuestError(
    'ERR_PIPELINE_INVALID',
    'decontaminate was given no texts; expected `texts` in its context, as readTexts gives them',
  );
}

function indexedBenchmarks(parsed: z.output<typeof options>, context: TextsContext): IndexedBenchmark[] {
  let first = 0;
  return questionsOf(parsed, context).map(({ length: rows }, number) => {
    const benchmark = { number, name: nameOf(parsed.benchmarks[number]!), first, rows };
    first += rows;
    return benchmark;
  });
}

function benchmarkOf(indexed: readonly IndexedBenchmark[], item: number): IndexedBenchmark {
  return indexed.findLast(({ first }) => first <= item)!;
}

/** `gsm8k row 17 (overlap 0.250), and 2 more rows of gsm8k, math`. Rows count from 0, as everywhere. */
function describe(
  overlaps: readonly Overlap[],
  indexed: readonly IndexedBenchmark[],
  measure: string,
): string {
  const closest = overlaps.reduce((top, overlap) => (overlap.share > top.share ? overlap : top));
  const { name, first } = benchmarkOf(indexed, closest.item);
  const text = `${name} row ${closest.item - first} (${measure} ${closest.share.toFixed(3)})`;
  if (overlaps.length === 1) return text;
  const names = new Set(
    overlaps.filter((one) => one !== closest).map(({ item }) => benchmarkOf(indexed, item).name),
  );
  return `${text}, and ${overlaps.length - 1} more of ${[...names].join(', ')}`;
}

function foldHits(parsed: z.output<typeof options>, context: TextsContext): FiguresFold {
  const found = indexedBenchmarks(parsed, context).map((benchmark) => ({
    ...benchmark,
    rowsHit: 0,
    questions: 0,
  }));
  return {
    add(delta) {
      for (const benchmark of found) {
        const rows = (delta as Hits)[benchmark.number];
        if (!rows) continue;
        benchmark.rowsHit += rows.length;
        benchmark.questions += 1;
      }
    },
    end: () =>
      Object.fromEntries(
        found.map(({ name, rows, rowsHit, questions }) => [
          name,
          { rows, rowsHit, cleanShare: (rows - rowsHit) / rows, questions },
        ]),
      ),
  };
}
