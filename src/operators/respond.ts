import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { keep } from '../flow/outcome.js';
import { completeAll, completeUsable, samplingOptions } from './lib/completion.js';
import { compilePrompt } from './lib/prompt.js';
import { type OperatorSpec, ROWWISE, type RunContext, modelOf, rowSeed, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the solver.'),
  prompt: z.string().optional().describe('Prompt file with {{ question }}. Built in if absent.'),
  n: z
    .int()
    .min(1)
    .max(64)
    .default(5)
    .describe('Responses a question, from one request where the server can.'),
  keepUnfinished: z
    .boolean()
    .default(false)
    .describe('Keep responses that were cut off or are empty: for evaluation, where they count as wrong.'),
  ...samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 2048 }),
});

export type RespondOptions = z.input<typeof options>;

export const respondSpec: OperatorSpec<typeof options> = {
  name: 'respond',
  summary: 'Answers each question several times.',
  details:
    'Defaults are the paper’s (section 2.4): five responses at temperature 0.7 and top-p 0.95, at most 2,048 tokens each. A ' +
    'response that is empty or cut off is left out, unless `keepUnfinished` says otherwise; a question left without any is rejected.',
  options,
  reads: () => ({ question: 'string' }),
  writes: () => [
    { name: 'responses', type: 'list<string>', help: 'The responses, in the order the server gave them.' },
  ],
  models: ({ model }) => [{ model, needs: 'complete', at: ['model'] }],
  drops: {},
  contract: ROWWISE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }`,
  operator: respond,
};

export function respond(input: RespondOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { model: name, n, temperature, topP, tokensMax } = parsed;
  const shape = shapeOf(respondSpec, parsed, context);
  const prompt = compilePrompt(context, 'respond', parsed.prompt, ['question']);
  const complete = parsed.keepUnfinished ? completeAll : completeUsable;

  return mapRows(shape, async (row) => {
    const { seq, question } = row;
    const turn = { kind: 'user', text: prompt({ question: question as string }) } as const;
    const seed = rowSeed(context, shape.step, row);
    const ask = { seq, turn, n, temperature, topP, tokensMax, seed };
    const { texts: responses, leftOut } = await complete(modelOf(context, name), ask);
    return keep({ responses }, leftOut);
  });
}
