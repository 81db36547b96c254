import { z } from 'zod';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { keep } from '../flow/steps/outcome.js';
import { finalAnswer } from '../text/finalAnswer.js';
import { completeUsable, samplingOptions } from './lib/completion.js';
import {
  type GeneratorRead,
  generatorNeeds,
  generatorReads,
  generatorsOption,
  isMeant,
} from './lib/generators.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import {
  defineSpec,
  ROWWISE,
  type RunContext,
  parseOptions,
  modelOf,
  rowSeed,
  shapeOf,
} from './lib/operator.js';

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the scorer, or with `disagreement` the solver.'),
  method: z
    .enum(['digit', 'disagreement', 'score'])
    .default('digit')
    .describe(
      '`digit` asks for one digit from 0 (easy) to 9 and takes its expectation over the ten probabilities; ' +
        '`disagreement` solves the question `n` times and takes the share that misses the commonest answer; ' +
        '`score` takes the number that a scoring model gives the question.',
    ),
  prompt: z
    .string()
    .optional()
    .describe(
      'Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent: scoreDifficulty, ' +
        'or respond with `disagreement`.',
    ),
  n: z.int().min(2).max(64).default(8).describe('Solutions per question, with `disagreement`.'),
  generators: generatorsOption,
  ...samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 1024 }),
});

/** Options of `scoreDifficulty`. */
export interface ScoreDifficultyOptions<Generators extends string[] | undefined = string[] | undefined> {
  /** A name from `models`: the scorer, or with `disagreement` the solver. */
  model: string;
  /**
   * `digit` asks for one digit from 0 (easy) to 9 and takes its expectation over the ten probabilities; `disagreement`
   * solves the question `n` times and takes the share that misses the commonest answer; `score` takes the number that a
   * scoring model gives the question.
   *
   * @default "digit"
   */
  method?: 'digit' | 'disagreement' | 'score';
  /**
   * Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent: scoreDifficulty,
   * or respond with `disagreement`.
   */
  prompt?: string;
  /**
   * Solutions per question, with `disagreement`.
   *
   * @default 8
   */
  n?: number;
  /** Only questions of these generators, names from `models`; the others pass as they are. All if absent. */
  generators?: Generators;
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 0.7
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 0.95
   */
  topP?: number;
  /**
   * Longest completion, in tokens.
   *
   * @default 1024
   */
  tokensMax?: number;
}

const NEEDS = { digit: 'choose', disagreement: 'complete', score: 'scoreQuestion' } as const;

export const scoreDifficultySpec = defineSpec({
  name: 'scoreDifficulty',
  summary: 'Gives each question a difficulty: the rate at which a solver is expected to fail.',
  details:
    'ScaleQuest trains a scorer on a solver’s fail rates (section 2.3). `digit` uses a model that was ' +
    'taught to answer with a digit. `disagreement` needs no scorer: it measures how often a solver ' +
    'contradicts itself. `score` asks a scorer with a head for one number, like the paper’s, behind ' +
    'pooling, classify or tei. Prompt and sampling options are for the methods that write text.',
  options,
  reads: ({ generators }) => ({ question: 'string', ...generatorReads(generators) }),
  writes: ({ generators }) => [
    {
      name: 'difficulty',
      type: 'float64',
      help: 'Expected fail rate of a solver, 0 to 1; with `score` on the model’s own scale.',
      nullable: generators !== undefined,
    },
  ],
  models: ({ model, method, generators }) => [
    { model, needs: NEEDS[method], at: ['model'] },
    ...generatorNeeds(generators),
  ],
  prompts: ({ method, prompt: given }) => [
    { name: method === 'disagreement' ? 'respond' : 'scoreDifficulty', given, at: ['prompt'] },
  ],
  drops: {},
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- scoreDifficulty: { model: tiny }`,
  operator: scoreDifficulty,
});

/**
 * Gives each question a difficulty: the rate at which a solver is expected to fail.
 *
 * Reads `question`, and `generator` where `generators` is given; writes `difficulty`, 0 to 1, or with `score` on the model’s
 * own scale; null for questions of other generators. Source: ScaleQuest (arXiv 2410.18693), section 2.3.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(scoreDifficulty({ model: 'scorer', method: 'digit' }, context));
 */
export function scoreDifficulty<const Generators extends string[] | undefined = undefined>(
  input: ScoreDifficultyOptions<Generators>,
  context: RunContext,
): BatchOperator<
  { question: string } & GeneratorRead<Generators>,
  { difficulty: Generators extends undefined ? number : number | null }
> {
  const parsed = parseOptions('scoreDifficulty', options, input);
  const { model: name, method, n, temperature, topP, tokensMax } = parsed;
  const [prompt] = compilePrompts(scoreDifficultySpec, parsed, context);
  const shape = shapeOf(scoreDifficultySpec, parsed, context, [prompt!]);

  // The compiler does not follow a column that the options decide on; test/types does.
  const scored: BatchOperator = mapRows(shape, async (row) => {
    if (!isMeant(parsed.generators, row)) return keep({ difficulty: null });
    const { seq, question } = row;
    const model = modelOf(context, name);
    if (method === 'score') {
      const [difficulty] = await model.score({ seq, items: [{ user: question, assistant: null }] });
      return keep({ difficulty: difficulty! });
    }
    const message = { kind: 'user', text: prompt!(row) } as const;
    if (method === 'digit') {
      return keep({ difficulty: expectedDigit(await model.choose({ seq, message, options: DIGITS })) });
    }
    const seed = rowSeed(context, shape.step, row);
    const ask = { seq, message, n, temperature, topP, tokensMax, seed };
    const { texts, leftOut } = await completeUsable(model, ask);
    return keep({ difficulty: disagreement(texts.map(finalAnswer), n) }, leftOut);
  });
  return scored;
}

/** The expectation of the digit over its ten probabilities, scaled to 0 … 1. */
export function expectedDigit(probabilities: readonly number[]): number {
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  if (total > 0) return probabilities.reduce((sum, p, digit) => sum + (p / total) * (digit / 9), 0);
  throw new RowError('ROW_SCORE_INVALID', 'no digit is among the likely first tokens of the reply');
}

/** The share of `n` solutions that do not give the commonest answer; one without an answer agrees with none. */
export function disagreement(answers: readonly (string | null)[], n: number): number {
  const counts = new Map<string, number>();
  for (const answer of answers) if (answer !== null) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return 1 - Math.max(0, ...counts.values()) / n;
}
