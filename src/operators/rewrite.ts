import { z } from 'zod';
import type { Model, PromptWrapper } from '../backends/model.js';
import { ScaleQuestError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import type { ColumnTypes, NoColumns, RowIdentity } from '../flow/steps/columnTypes.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { completeUsable, readingReply, samplingOptions } from './lib/completion.js';
import { readFinalQuestion } from '../text/finalQuestion.js';
import { words } from './lib/words.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import {
  defineSpec,
  ROWWISE,
  type RunContext,
  parseOptions,
  modelOf,
  rowSeed,
  rowUniform,
  shapeOf,
} from './lib/operator.js';

const DIRECTIONS = ['solvability', 'difficulty'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** The built-in prompts; the `prompts` option has the same keys. */
const PROMPT_NAMES: Record<Direction, string> = {
  solvability: 'rewriteSolvability',
  difficulty: 'rewriteDifficulty',
};

const weight = z.number().min(0).default(0);
const promptFile = z.string().optional();

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the rewriter, usually a strong chat model.'),
  directions: z
    .strictObject({
      solvability: weight.describe('Weight of: check the question, and mend it.'),
      difficulty: weight.describe('Weight of: make the question harder.'),
    })
    .refine(({ solvability, difficulty }) => solvability + difficulty > 0, 'expected a weight above 0')
    .default({ solvability: 0.5, difficulty: 0.5 })
    .describe('What each row is rewritten for: one direction, drawn by weight from the seed.'),
  prompts: z
    .strictObject({
      solvability: promptFile.describe(
        'Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent.',
      ),
      difficulty: promptFile.describe(
        'Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent.',
      ),
    })
    .prefault({})
    .describe('Prompts of your own; each must ask for a last section called “Final question”.'),
  template: z
    .union(
      [
        z.string(),
        z.strictObject({ tokenizer: z.string() }),
        z.strictObject({ preQuery: z.string(), user: z.string(), stop: z.array(z.string()) }),
      ],
      'expected a name, { tokenizer: path }, or an object with preQuery, user and stop',
    )
    .optional()
    .describe(
      'Template of the generator to be trained, as in `models`. If absent, that of the model in the row’s `generator` column.',
    ),
  questionEnd: z
    .string()
    .optional()
    .describe('What `chosen` and `rejected` end with. If absent, what the template has after a question.'),
  charsMax: z
    .int()
    .min(1)
    .default(3000)
    .describe(
      'Drop a longer rewrite, which a trainer would cut, and with it the marker that ends it. Fits 1,024 tokens, the paper’s; ' +
        'about three characters a token.',
    ),
  ...samplingOptions({ temperature: 0, topP: 1, tokensMax: 4096 }),
});

/** Options of `rewrite`. */
export interface RewriteOptions<
  Template extends QuestionTemplate | undefined = QuestionTemplate | undefined,
> {
  /** A name from `models`: the rewriter, usually a strong chat model. */
  model: string;
  /**
   * What each row is rewritten for: one direction, drawn by weight from the seed.
   *
   * @default {"solvability":0.5,"difficulty":0.5}
   */
  directions?: RewriteDirections;
  /**
   * Prompts of your own; each must ask for a last section called “Final question”.
   *
   * @default {}
   */
  prompts?: RewritePrompts;
  /**
   * Template of the generator to be trained, as in `models`. If absent, that of the model in the row’s `generator` column.
   */
  template?: Template;
  /** What `chosen` and `rejected` end with. If absent, what the template has after a question. */
  questionEnd?: string;
  /**
   * Drop a longer rewrite, which a trainer would cut, and with it the marker that ends it. Fits 1,024 tokens, the paper’s;
   * about three characters a token.
   *
   * @default 3000
   */
  charsMax?: number;
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 0
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 1
   */
  topP?: number;
  /**
   * Longest completion, in tokens.
   *
   * @default 4096
   */
  tokensMax?: number;
}

/** Weights of what questions are rewritten for. */
export interface RewriteDirections {
  /**
   * Weight of: check the question, and mend it.
   *
   * @default 0
   */
  solvability?: number;
  /**
   * Weight of: make the question harder.
   *
   * @default 0
   */
  difficulty?: number;
}

/** Prompt files, one a direction. */
export interface RewritePrompts {
  /** Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent. */
  solvability?: string;
  /** Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent. */
  difficulty?: string;
}

/** A chat template: its name, the folder of its tokenizer, or its parts. */
export type QuestionTemplate =
  string | { tokenizer: string } | { preQuery: string; user: string; stop: string[] };

/** What is rewritten; the generator names the template unless the options do. */
export type RewrittenColumns<Template> = { question: string } & (Template extends undefined
  ? { generator: string }
  : NoColumns);

export const rewriteSpec = defineSpec({
  name: 'rewrite',
  summary:
    'Has a model write a better version of each question: preference pairs for training the generator.',
  details:
    'Makes the data of ScaleQuest’s question preference optimisation (section 2.2; GPT-4o-mini at ' +
    'temperature 0, 10,000 pairs a generator). `prompt`, `chosen` and `rejected` are texts as TRL’s DPO ' +
    'trainer reads them. `prompt` is the literal opening of a user message without a begin-of-sequence ' +
    'marker, because the tokeniser adds it. `chosen` and `rejected` end with what ends a question in the ' +
    'generator’s template (`<|im_end|>` for qwen2-math). TRL appends the tokeniser’s end-of-sequence ' +
    'token only to a text that does not end with it, so the token is not doubled where the two are the ' +
    'same. For a trainer that always appends one, set `questionEnd` to an empty text. The rewrite is ' +
    'read from the last section of the reply that is called “Final question”, up to the next heading or ' +
    'rule; a solution or a remark behind it is left out. A reply without such a section rejects the row ' +
    'with ROW_UNCLEAR, an empty section with ROW_EMPTY.',
  options,
  reads: ({ template }): ColumnTypes =>
    template === undefined ? { question: 'string', generator: 'string' } : { question: 'string' },
  writes: () => [
    { name: 'prompt', type: 'string', help: 'The opening of a user turn, as the generator is given it.' },
    { name: 'chosen', type: 'string', help: 'The rewritten question, with what ends it in training.' },
    { name: 'rejected', type: 'string', help: 'The generator’s own question, with the same end.' },
    { name: 'direction', type: 'string', help: 'What it was rewritten for: solvability or difficulty.' },
  ],
  models: ({ model }) => [{ model, needs: 'complete', at: ['model'] }],
  prompts: (parsed) =>
    directionsOf(parsed).map((direction) => ({
      name: PROMPT_NAMES[direction],
      given: parsed.prompts[direction],
      at: ['prompts', direction],
    })),
  drops: {
    unchanged: 'the rewrite has the same words as the question',
    tooLong: 'the rewrite is longer than `charsMax`',
  },
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- rewrite: { model: tiny, directions: { solvability: 1 }, tokensMax: 128 }`,
  operator: rewrite,
});

/**
 * Has a model write a better version of each question: preference pairs for training the generator.
 *
 * Reads `question`, and `generator` where `template` is absent; writes `prompt`, `chosen`, `rejected` and `direction`, as
 * TRL’s DPO trainer reads them; drops as `unchanged` or `tooLong`. Source: ScaleQuest (arXiv 2410.18693), section 2.2.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(generate({ generators: [{ model: 'qwen' }] }, context), rewrite({ model: 'strong' }, context));
 */
export function rewrite<const Template extends QuestionTemplate | undefined = undefined>(
  input: RewriteOptions<Template>,
  context: RunContext,
): BatchOperator<
  RewrittenColumns<Template>,
  { prompt: string; chosen: string; rejected: string; direction: string }
> {
  const parsed = parseOptions('rewrite', options, input);
  const { temperature, topP, tokensMax, charsMax } = parsed;
  const compiled = compilePrompts(rewriteSpec, parsed, context);
  const shape = shapeOf(rewriteSpec, parsed, context, compiled);
  const frameFor = framesFor(parsed, context);
  const prompts = new Map(directionsOf(parsed).map((direction, at) => [direction, compiled[at]!]));

  function pick(row: RowIdentity): Direction {
    const { solvability, difficulty } = parsed.directions;
    const draw = rowUniform(context, `${shape.step} direction`, row) * (solvability + difficulty);
    return draw < solvability ? 'solvability' : 'difficulty';
  }

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const question = row['question'] as string;
    const { opening, end } = frameFor(row['generator'] as string);
    const direction = pick(row);
    const message = { kind: 'user', text: prompts.get(direction)!(row) } as const;
    const seed = rowSeed(context, shape.step, row);
    const model = modelOf(context, parsed.model);
    const ask = { seq, message, n: 1, temperature, topP, tokensMax, seed };
    const [reply] = (await completeUsable(model, ask)).texts;
    const rewritten = readingReply(reply!, readFinalQuestion);
    if (words(rewritten).join(' ') === words(question).join(' ')) return drop('unchanged', '', reply);
    if (rewritten.length > charsMax) {
      return drop('tooLong', `${rewritten.length} characters, at most ${charsMax} are wanted`, reply);
    }
    return keep({ prompt: opening, chosen: rewritten + end, rejected: question + end, direction });
  });
}

/** The directions that rows are rewritten in. */
function directionsOf({ directions }: z.output<typeof options>): Direction[] {
  return DIRECTIONS.filter((direction) => directions[direction] > 0);
}

/** What stands around the questions of a generator; of one template for all, it is told at once if that is a mistake. */
function framesFor(
  { template, questionEnd }: z.output<typeof options>,
  context: RunContext,
): (generator: string) => PromptWrapper {
  const ended = (wrapper: PromptWrapper): PromptWrapper =>
    questionEnd === undefined ? wrapper : { ...wrapper, end: questionEnd };
  if (template === undefined) return (generator) => ended(wrapperOf(modelOf(context, generator)));
  if (!context.promptWrapper) {
    throw new ScaleQuestError(
      'ERR_INVARIANT',
      'the context has no promptWrapper, expected one: see createContext of the library',
    );
  }
  const wrapper = ended(context.promptWrapper(template));
  return () => wrapper;
}

function wrapperOf({ name, promptWrapper }: Model): PromptWrapper {
  if (promptWrapper) return promptWrapper;
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `the template of ${name} is not known here; expected a generator with raw prompts, or the step’s option template`,
  );
}
