import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { compilePrompts } from './lib/prompt.js';
import { yesShare } from './judgeSolvability.js';
import { defineSpec, ROWWISE, type RunContext, parseOptions, modelOf, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the verifier, or with `score` the reward model.'),
  method: z
    .enum(['yesNo', 'score'])
    .default('yesNo')
    .describe(
      '`yesNo` asks a generative model whether the response is correct; `score` takes the number that a reward model gives.',
    ),
  prompt: z
    .string()
    .optional()
    .describe(
      'With `yesNo`: prompt, as a file or as the text itself, with {{ question }}, {{ response }} and any other column, answered ' +
        'by Yes or No. Built in if absent.',
    ),
});

/** Options of `scoreReward`. */
export interface ScoreRewardOptions {
  /** A name from `models`: the verifier, or with `score` the reward model. */
  model: string;
  /**
   * `yesNo` asks a generative model whether the response is correct; `score` takes the number that a reward model gives.
   *
   * @default "yesNo"
   */
  method?: 'yesNo' | 'score';
  /**
   * With `yesNo`: prompt, as a file or as the text itself, with {{ question }}, {{ response }} and any other column, answered
   * by Yes or No. Built in if absent.
   */
  prompt?: string;
}

export const scoreRewardSpec = defineSpec({
  name: 'scoreReward',
  summary:
    'Gives each response a reward: what a reward model gives, or the probability that a verifier calls it correct.',
  details:
    'ScaleQuest scores with a reward model (section 2.4, InternLM2-7B-Reward). `score` does this with a ' +
    'model of kind pooling, classify, scorePair or tei, for all responses of a row together. With ' +
    '`yesNo` the reward is P(Yes) / (P(Yes) + P(No)) of the verifier’s first token. It costs one token a ' +
    'response, and every generative model can give it. What is scored is what stands behind a response’s thought.',
  options,
  reads: () => ({ question: 'string', responses: 'list<string>' }),
  writes: () => [
    {
      name: 'rewards',
      type: 'list<float64>',
      help: 'One reward a response, in their order; 0 to 1 with `yesNo`, on the model’s own scale with `score`.',
    },
  ],
  models: ({ model, method }) => [{ model, needs: method === 'score' ? 'score' : 'choose', at: ['model'] }],
  prompts: ({ prompt: given }) => [{ name: 'scoreReward', given, own: ['response'], at: ['prompt'] }],
  drops: {},
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- scoreReward: { model: tiny }`,
  operator: scoreReward,
});

/**
 * Gives each response a reward: what a reward model gives, or the probability that a verifier calls it correct.
 *
 * Reads `question` and `responses`, and writes `rewards`, one a response: 0 to 1 with `yesNo`, on the model’s own scale with
 * `score`. Source: ScaleQuest (arXiv 2410.18693), section 2.4.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), scoreReward({ model: 'reward', method: 'score' }, context), keepBest({}, context));
 */
export function scoreReward(
  input: ScoreRewardOptions,
  context: RunContext,
): BatchOperator<
  { question: string; responses: readonly string[] },
  { rewards: readonly (number | null)[] }
> {
  const parsed = parseOptions('scoreReward', options, input);
  const [prompt] = compilePrompts(scoreRewardSpec, parsed, context);
  const shape = shapeOf(scoreRewardSpec, parsed, context, [prompt!]);

  return mapRows(shape, async (row) => {
    const { seq, question, responses } = row;
    const model = modelOf(context, parsed.model);
    const answers = responses.map(afterThought);
    if (parsed.method === 'score') {
      const items = answers.map((assistant) => ({ user: question, assistant }));
      return keep({ rewards: await model.score({ seq, items }) });
    }
    async function reward(response: string): Promise<number> {
      const text = prompt!(row, { response });
      const [yes, no] = await model.choose({ seq, message: { kind: 'user', text }, options: ['Yes', 'No'] });
      return yesShare(yes!, no!);
    }
    return keep({ rewards: await Promise.all(answers.map(reward)) });
  });
}
