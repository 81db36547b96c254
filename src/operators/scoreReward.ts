import { z } from 'zod';
import type { Column, ColumnValue } from '../arrow/columnType.js';
import { allOfRow } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import { yesShare } from './judgeSolvability.js';
import { defineSpec, ROWWISE, type RunContext, parseOptions, modelOf, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the verifier, or with `score` the reward model.'),
  method: z
    .enum(['yesNo', 'score', 'steps'])
    .default('yesNo')
    .describe(
      '`yesNo` asks a generative model whether the response is correct; `score` takes the number that a reward model gives; ' +
        '`steps` takes one number a step from a process reward model.',
    ),
  aggregate: z
    .enum(['min', 'product', 'last', 'mean'])
    .default('min')
    .describe('With `steps`: which number of its steps is the reward of a response.'),
  stepsBy: z
    .enum(['blankLine', 'line'])
    .default('blankLine')
    .describe(
      'With `steps`: what separates them, as in the model’s training; Qwen2.5-Math-PRM’s are paragraphs.',
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
export interface ScoreRewardOptions<
  Method extends 'yesNo' | 'score' | 'steps' = 'yesNo' | 'score' | 'steps',
> {
  /** A name from `models`: the verifier, or with `score` the reward model. */
  model: string;
  /**
   * `yesNo` asks a generative model whether the response is correct; `score` takes the number that a reward model
   * gives; `steps` takes one number a step from a process reward model.
   *
   * @default "yesNo"
   */
  method?: Method;
  /**
   * With `steps`: which number of its steps is the reward of a response.
   *
   * @default "min"
   */
  aggregate?: 'min' | 'product' | 'last' | 'mean';
  /**
   * With `steps`: what separates them, as in the model’s training; Qwen2.5-Math-PRM’s are paragraphs.
   *
   * @default "blankLine"
   */
  stepsBy?: 'blankLine' | 'line';
  /**
   * With `yesNo`: prompt, as a file or as the text itself, with {{ question }}, {{ response }} and any other column, answered
   * by Yes or No. Built in if absent.
   */
  prompt?: string;
}

/** What scoring adds. */
export type RewardColumns<Method> = { rewards: readonly (number | null)[] } & (Method extends 'steps'
  ? { stepRewards: readonly ColumnValue[] }
  : unknown);

const STEP_REWARDS: Column = {
  ...{ name: 'stepRewards', type: 'list<list<float64>>' },
  help: 'For each response the scores of its steps, 0 to 1.',
};

export const scoreRewardSpec = defineSpec({
  name: 'scoreReward',
  summary:
    'Gives each response a reward: what a reward model gives, or the probability that a verifier calls it correct.',
  details:
    'ScaleQuest scores with a reward model (section 2.4, InternLM2-7B-Reward). `score` does this with a ' +
    'model of kind pooling, classify, scorePair or tei, for all responses of a row together. With ' +
    '`yesNo` the reward is P(Yes) / (P(Yes) + P(No)) of the verifier’s first token. It costs one token a ' +
    'response, and every generative model can give it. `steps` asks a process reward model (pooling with ' +
    '`stepToken`) for one score a step, and takes the lowest, their product, the last or their mean; a response ' +
    'without a step has the reward 0. What is scored is what stands behind a response’s thought.',
  options,
  reads: () => ({ question: 'string', responses: 'list<string>' }),
  writes: ({ method }): Column[] => [
    {
      name: 'rewards',
      type: 'list<float64>',
      help: 'One reward a response, in their order; 0 to 1 with `yesNo`, on the model’s own scale with `score`.',
    },
    ...(method === 'steps' ? [STEP_REWARDS] : []),
  ],
  models: ({ model, method }) => [{ model, needs: NEEDS[method], at: ['model'] }],
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
 * `score`; with `steps` also `stepRewards`. Source: ScaleQuest (arXiv 2410.18693), section 2.4.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), scoreReward({ model: 'reward', method: 'score' }, context), keepBest({}, context));
 */
export function scoreReward<const Method extends 'yesNo' | 'score' | 'steps' = 'yesNo'>(
  input: ScoreRewardOptions<Method>,
  context: RunContext,
): BatchOperator<{ question: string; responses: readonly string[] }, RewardColumns<Method>> {
  const parsed = parseOptions('scoreReward', options, input);
  const [prompt] = compilePrompts(scoreRewardSpec, parsed, context);
  const shape = shapeOf(scoreRewardSpec, parsed, context, [prompt!]);

  // The compiler does not follow a column that the options decide on.
  const scored: BatchOperator = mapRows(shape, async (row) => {
    const { seq, question, responses } = row;
    const model = modelOf(context, parsed.model);
    const answers = responses.map(afterThought);
    if (parsed.method === 'score') {
      const items = answers.map((assistant) => ({ user: question, assistant }));
      return keep({ rewards: await model.score({ seq, items }) });
    }
    if (parsed.method === 'steps') {
      const stepRewards = await allOfRow(
        answers.map(async (answer) => {
          const items = stepsOf(answer, parsed.stepsBy).map((assistant) => ({ user: question, assistant }));
          return items.length === 0 ? [] : model.score({ seq, items, areSteps: true });
        }),
      );
      return keep({
        rewards: stepRewards.map((scores) => aggregated(scores, parsed.aggregate)),
        stepRewards,
      });
    }
    async function reward(response: string): Promise<number> {
      const text = prompt!(row, { response });
      const [yes, no] = await model.choose({ seq, message: { kind: 'user', text }, options: ['Yes', 'No'] });
      return yesShare(yes!, no!);
    }
    return keep({ rewards: await allOfRow(answers.map(reward)) });
  });
  return scored;
}

const NEEDS = { yesNo: 'choose', score: 'score', steps: 'scoreSteps' } as const;

/** The steps of an answer, without the white space between them. */
export function stepsOf(answer: string, by: 'blankLine' | 'line'): string[] {
  const lines = answer.split(/\r?\n/);
  const steps: string[][] = [[]];
  for (const line of lines) {
    if (line.trim() === '' || by === 'line') steps.push([]);
    if (line.trim() !== '') steps.at(-1)!.push(line);
  }
  return steps.filter((step) => step.length > 0).map((step) => step.join('\n').trim());
}

/** One number of many; 0 where there is none. */
export function aggregated(scores: readonly number[], by: 'min' | 'product' | 'last' | 'mean'): number {
  if (scores.length === 0) return 0;
  if (by === 'last') return scores.at(-1)!;
  if (by === 'min') return scores.reduce((low, score) => Math.min(low, score));
  if (by === 'product') return scores.reduce((product, score) => product * score);
  return scores.reduce((sum, score) => sum + score) / scores.length;
}
