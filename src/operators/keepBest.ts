import { z } from 'zod';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { drop, keep } from '../flow/outcome.js';
import { finalAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  among: z
    .enum(['all', 'majority'])
    .default('all')
    .describe(
      '`majority` picks among the responses that give the commonest final answer; ties go to the higher reward.',
    ),
  rewardMin: z.number().optional().describe('Drop a question whose best response has a lower reward.'),
});

export type KeepBestOptions = z.input<typeof options>;

export const keepBestSpec: OperatorSpec<typeof options> = {
  name: 'keepBest',
  summary: 'Keeps the response with the highest reward (best-of-n).',
  details:
    'Equal rewards go to the earlier response. All responses and rewards stay in their columns. Where `scoreReward` is switched ' +
    'off, all are equal: the first response is kept, or with `majority` the first that gives the commonest answer, and `reward` is null.',
  options,
  reads: () => ({ responses: 'list<string>', rewards: 'list<float64>' }),
  // A threshold without anything that could pass it would drop all.
  optional: ({ rewardMin }) => (rewardMin === undefined ? ['rewards'] : []),
  writes: () => [
    { name: 'response', type: 'string', help: 'The kept response.' },
    {
      name: 'reward',
      type: 'float64',
      nullable: true,
      help: 'The kept response’s reward; null where responses are not scored.',
    },
  ],
  models: () => [],
  drops: { lowReward: 'the best reward is below `rewardMin`' },
  contract: IMMEDIATE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- scoreReward: { model: tiny }
- keepBest: {}`,
  operator: keepBest,
};

export function keepBest(input: KeepBestOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { among, rewardMin } = parsed;

  return mapRows(shapeOf(keepBestSpec, parsed, context), (row) => {
    const responses = row['responses'] as string[];
    // No column at all, unlike a null, is none that was asked for.
    const isScored = row['rewards'] !== undefined;
    const rewards = isScored ? (row['rewards'] as number[]) : responses.map(() => 0);
    if (responses.length === 0 || rewards.length !== responses.length) {
      throw new RowError(
        'ROW_SCORE_INVALID',
        `found ${responses.length} responses and ${rewards.length} rewards, expected as many of each and at least one`,
      );
    }
    const candidates =
      among === 'majority' ? majority(responses, rewards) : responses.map((_, index) => index);
    const best = candidates.reduce((top, index) => (rewards[index]! > rewards[top]! ? index : top));
    const reward = rewards[best]!;
    if (rewardMin !== undefined && reward < rewardMin)
      return drop('lowReward', `best reward ${reward.toFixed(4)}`);
    return keep({ response: responses[best]!, reward: isScored ? reward : null });
  });
}

/** Indices of the responses that give the commonest final answer; all of them where none states one. */
function majority(responses: readonly string[], rewards: readonly number[]): number[] {
  const groups = new Map<string, number[]>();
  responses.forEach((response, index) => {
    const answer = finalAnswer(response);
    if (answer !== null) groups.set(answer, [...(groups.get(answer) ?? []), index]);
  });
  const top = (indices: number[]): number => Math.max(...indices.map((index) => rewards[index]!));
  const [first] = [...groups.values()].sort((a, b) => b.length - a.length || top(b) - top(a));
  return first ?? responses.map((_, index) => index);
}
