import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { keep } from '../flow/outcome.js';
import { completeUsable, samplingOptions } from './lib/completion.js';
import {
  type OperatorSpec,
  ROWWISE,
  type RowIdentity,
  type RunContext,
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
      'One or several question generators; each row is given to one, by weight, from the seed alone.',
    ),
  ...samplingOptions({ temperature: 1, topP: 0.99, tokensMax: 512 }),
});

export type GenerateOptions = z.input<typeof options>;

export const generateSpec: OperatorSpec<typeof options> = {
  name: 'generate',
  summary: 'Writes questions: the model is given nothing but the opening of a user turn and completes it.',
  details:
    'The heart of the method (ScaleQuest, arXiv 2410.18693, section 2; the idea is Magpie’s): a model tuned on questions ' +
    'writes the next user turn from its bare pre-query template. Defaults are the paper’s. The model needs a protocol for ' +
    'raw prompts (llamaCpp, or openai with `protocol: completions`).',
  options,
  reads: () => ({}),
  writes: () => [
    { name: 'question', type: 'string', help: 'The question, as the generator wrote it, trimmed.' },
    { name: 'generator', type: 'string', help: 'The model that wrote the question.' },
  ],
  models: ({ generators }) =>
    generators.map(({ model }, index) => ({ model, needs: 'preQuery', at: ['generators', index, 'model'] })),
  drops: {},
  contract: ROWWISE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }`,
  operator: generate,
};

export function generate(input: GenerateOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
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
    const turn = { kind: 'preQuery' } as const;
    const ask = { seq, turn, n: 1, temperature, topP, tokensMax, seed };
    const [question] = (await completeUsable(model, ask)).texts;
    return keep({ question: question!, generator: model.name });
  });
}
