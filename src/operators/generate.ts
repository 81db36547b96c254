import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns, RowIdentity } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { completeUsable, samplingOptions } from './lib/completion.js';
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

const generator = z.strictObject({
  model: z.string().describe('A name from `models`.'),
  weight: z
    .number()
    .gt(0)
    .default(1)
    .describe('Share of the questions, against the other generators’ weights.'),
});

const options = z.strictObject({
  generators: z
    .array(generator)
    .min(1)
    .describe(
      'One or several question generators. Each row goes to one of them, drawn by weight from the seed.',
    ),
  ...samplingOptions({ temperature: 1, topP: 0.99, tokensMax: 512 }),
});

/** Options of `generate`. */
export interface GenerateOptions {
  /** One or several question generators. Each row goes to one of them, drawn by weight from the seed. */
  generators: GeneratorShare[];
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 1
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 0.99
   */
  topP?: number;
  /**
   * Longest completion, in tokens.
   *
   * @default 512
   */
  tokensMax?: number;
}

/** A question generator, and how many of the questions it writes. */
export interface GeneratorShare {
  /** A name from `models`. */
  model: string;
  /**
   * Share of the questions, against the other generators’ weights.
   *
   * @default 1
   */
  weight?: number;
}

export const generateSpec = defineSpec({
  name: 'generate',
  summary:
    'Writes questions: the model is given nothing but the opening of a user message and completes it. A thought before ' +
    'the question is left out.',
  details:
    'This is the heart of the method (ScaleQuest, arXiv 2410.18693, section 2; the idea is Magpie’s). A ' +
    'model that is tuned on questions gets the bare pre-query template and writes the next user message. ' +
    'Defaults are the paper’s. The model needs a protocol for raw prompts: llamaCpp, or openai with ' +
    '`protocol: completions`.',
  options,
  reads: () => ({}),
  writes: () => [
    {
      name: 'question',
      type: 'string',
      help: 'The question, as the generator wrote it, trimmed.',
    },
    { name: 'generator', type: 'string', help: 'The model that wrote the question.' },
  ],
  models: ({ generators }) =>
    generators.map(({ model }, index) => ({ model, needs: 'preQuery', at: ['generators', index, 'model'] })),
  drops: {},
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }`,
  operator: generate,
});

/**
 * Has a model write questions: it is given nothing but the opening of a user message and completes it.
 *
 * Writes `question` and `generator`, the name of the model that wrote it. Source: ScaleQuest (arXiv 2410.18693), section 2;
 * the idea is Magpie’s (arXiv 2406.08464).
 * A model that is not in the context ends the stream with ERR_PIPELINE_MODEL.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(generate({ generators: [{ model: 'qwen', weight: 2 }, { model: 'deepseek' }], temperature: 1 }, context));
 */
export function generate(
  input: GenerateOptions,
  context: RunContext,
): BatchOperator<NoColumns, { question: string; generator: string }> {
  const parsed = parseOptions('generate', options, input);
  const shape = shapeOf(generateSpec, parsed, context);
  const { generators, temperature, topP, tokensMax } = parsed;
  const total = generators.reduce((sum, { weight }) => sum + weight, 0);

  function pick(row: RowIdentity): string {
    let left = rowUniform(context, `${shape.step} generator`, row) * total;
    for (const { model, weight } of generators) {
      left -= weight;
      if (left < 0) return model;
    }
    return generators.at(-1)!.model;
  }

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const model = modelOf(context, pick(row));
    const seed = rowSeed(context, shape.step, row);
    const message = { kind: 'preQuery' } as const;
    const ask = { seq, message, n: 1, temperature, topP, tokensMax, seed };
    const [question] = (await completeUsable(model, ask)).texts;
    return keep({ question: afterThought(question!).trim(), generator: model.name });
  });
}
