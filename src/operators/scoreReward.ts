import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { keep } from '../flow/outcome.js';
import { compilePrompt } from './lib/prompt.js';
import { yesShare } from './judgeSolvability.js';
import { type OperatorSpec, ROWWISE, type RunContext, modelOf, shapeOf } from './lib/operator.js';

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
      'With `yesNo`: prompt file with {{ question }} and {{ response }}, answered by Yes or No. Built in if absent.',
    ),
});

export type ScoreRewardOptions = z.input<typeof options>;

export const scoreRewardSpec: OperatorSpec<typeof options> = {
  name: 'scoreReward',
  summary:
    'Gives each response a reward: what a reward model gives, or the probability that a verifier calls it correct.',
  details:
    'ScaleQuest scores with a reward model (section 2.4, InternLM2-7B-Reward): that is `score`, with a model of kind pooling, ' +
    'classify, scorePair or tei, all responses of a row together. With `yesNo` the reward is P(Yes) / (P(Yes) + P(No)) of the ' +
    'verifier’s first token, one token a response, which any generative model can give.',
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
  drops: {},
  contract: ROWWISE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- scoreReward: { model: tiny }`,
  operator: scoreReward,
};

export function scoreReward(input: ScoreRewardOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const prompt = compilePrompt(context, 'scoreReward', parsed.prompt, ['question', 'response']);

  return mapRows(shapeOf(scoreRewardSpec, parsed, context), async ({ seq, question, responses }) => {
    const model = modelOf(context, parsed.model);
    if (parsed.method === 'score') {
      const user = question as string;
      const items = (responses as string[]).map((assistant) => ({ user, assistant }));
      return keep({ rewards: await model.score({ seq, items }) });
    }
    async function reward(response: string): Promise<number> {
      const text = prompt({ question: question as string, response });
      const [yes, no] = await model.choose({ seq, turn: { kind: 'user', text }, options: ['Yes', 'No'] });
      return yesShare(yes!, no!);
    }
    return keep({ rewards: await Promise.all((responses as string[]).map(reward)) });
  });
}
