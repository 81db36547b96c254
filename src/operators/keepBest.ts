import { z } from 'zod';
import type { Column } from '../arrow/columnType.js';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { ColumnNamed, ColumnTypes, NoColumns } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { splitThought } from '../text/afterThought.js';
import { finalAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  among: z
    .enum(['all', 'majority'])
    .default('all')
    .describe(
      '`majority` picks among the responses that give the commonest final answer; ties go to the higher reward.',
    ),
  rewardMin: z.number().optional().describe('Drop a question whose best response has a lower reward.'),
  reasoning: z
    .boolean()
    .default(false)
    .describe(
      'Take the thought out of the kept response: it goes to the column `reasoning`, and `response` holds the answer alone.',
    ),
  by: z
    .string()
    .optional()
    .describe(
      'A column with a number a response that decides before the reward, as `testShares` of runTests; ties go to the higher reward.',
    ),
});

/** Options of `keepBest`. */
export interface KeepBestOptions<
  RewardMin extends number | undefined = number | undefined,
  By extends string | undefined = string | undefined,
  Reasoning extends boolean | undefined = boolean | undefined,
> {
  /**
   * `majority` picks among the responses that give the commonest final answer; ties go to the higher reward.
   *
   * @default "all"
   */
  among?: 'all' | 'majority';
  /** Drop a question whose best response has a lower reward. */
  rewardMin?: RewardMin;
  /**
   * A column with a number a response that decides before the reward, as `testShares` of runTests; ties go to the higher
   * reward.
   */
  by?: By;
  /**
   * Take the thought out of the kept response: it goes to the column `reasoning`, and `response` holds the answer alone.
   *
   * @default false
   */
  reasoning?: Reasoning;
}

/** What is written of the best. */
export type BestColumns<Reasoning> = { response: string; reward: number | null } & (Reasoning extends true
  ? { reasoning: string }
  : unknown);

const REASONING: Column = {
  ...{ name: 'reasoning', type: 'string' },
  help: 'What the model thought before the kept response; empty where it did not.',
};

/** What the best is chosen from; rewards are needed for a threshold alone. */
export type RankedColumns<RewardMin, By> = { responses: readonly string[] } & (RewardMin extends number
  ? { rewards: readonly (number | null)[] }
  : { rewards?: readonly (number | null)[] }) &
  (By extends string ? ColumnNamed<By, readonly (number | null)[]> : NoColumns);

export const keepBestSpec = defineSpec({
  name: 'keepBest',
  summary: 'Keeps the response with the highest reward (best-of-n).',
  details:
    'Of equal rewards the earlier response wins. All responses and rewards stay in their columns. If ' +
    '`scoreReward` is switched off, all rewards are equal and `reward` is null: the first response is ' +
    'kept, or with `majority` the first one that gives the most frequent answer.',
  options,
  reads: ({ by }): ColumnTypes => ({
    ...{ responses: 'list<string>', rewards: 'list<float64>' },
    ...(by === undefined ? {} : { [by]: 'list<float64>' }),
  }),
  // A threshold without anything that could pass it would drop all.
  optional: ({ rewardMin }) => (rewardMin === undefined ? ['rewards'] : []),
  mayBeAbsent: ({ by, rewardMin }) =>
    by !== undefined && by !== 'rewards' && rewardMin === undefined ? ['rewards'] : [],
  writes: ({ reasoning }): Column[] => [
    { name: 'response', type: 'string', help: 'The kept response.' },
    {
      name: 'reward',
      type: 'float64',
      nullable: true,
      help: 'The kept response’s reward; null where responses are not scored.',
    },
    ...(reasoning ? [REASONING] : []),
  ],
  models: () => [],
  drops: { lowReward: 'the best reward is below `rewardMin`' },
  thresholds: ({ rewardMin = null }) => [
    {
      ...{ option: 'rewardMin', meaning: 'best reward', keeps: 'atLeast', value: rewardMin },
      ...{ column: 'reward', drops: 'lowReward', range: [null, null], isOnly: true },
    },
  ],
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }
- scoreReward: { model: tiny }
- keepBest: {}`,
  operator: keepBest,
});

/**
 * Keeps the response with the highest reward (best-of-n).
 *
 * Reads `responses` and `rewards`, and writes `response` and `reward`; drops as `lowReward`. Source: ScaleQuest (arXiv
 * 2410.18693), section 2.4.
 * With `reasoning: true` also `reasoning`, and `response` holds the answer alone.
 * With `by`, that column decides before the reward.
 * Without `rewards`, which only `rewardMin` requires, the first response is kept and `reward` is null.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny', n: 5 }, context), scoreReward({ model: 'tiny' }, context), keepBest({}, context));
 */
export function keepBest<
  const RewardMin extends number | undefined = undefined,
  const By extends string | undefined = undefined,
  const Reasoning extends boolean | undefined = undefined,
>(
  input: KeepBestOptions<RewardMin, By, Reasoning>,
  context: RunContext,
): BatchOperator<RankedColumns<RewardMin, By>, BestColumns<Reasoning>> {
  const parsed = parseOptions('keepBest', options, input);
  const { among, rewardMin, by } = parsed;

  // The compiler does not follow a column that the options decide on; test/types does.
  const ranked: BatchOperator = mapRows(shapeOf(keepBestSpec, parsed, context), (row) => {
    const responses = row['responses'] as string[];
    // Undefined where the column is not there: it is optional.
    const scored = row['rewards'] as number[] | undefined;
    const rewards = scored ?? responses.map(() => 0);
    if (responses.length === 0 || rewards.length !== responses.length) {
      throw new RowError(
        'ROW_SCORE_INVALID',
        `found ${responses.length} responses and ${rewards.length} rewards, expected as many of each and at least one`,
      );
    }
    const first =
      by === undefined ? rewards : firstNumbers(row[by] as (number | null)[], by, responses.length);
    const candidates =
      among === 'majority' ? majority(responses, rewards) : responses.map((_, index) => index);
    const best = candidates.reduce((top, index) => (isBetter(index, top, first, rewards) ? index : top));
    const reward = rewards[best]!;
    if (rewardMin !== undefined && reward < rewardMin)
      return drop('lowReward', `best reward ${reward.toFixed(4)}`);
    const response = responses[best]!;
    const kept = { response, reward: scored ? reward : null };
    if (!parsed.reasoning) return keep(kept);
    const { thought, answer } = splitThought(response);
    return keep({ ...kept, response: answer, reasoning: thought });
  });
  return ranked;
}

/** What decides first, one number a response; none counts least. */
function firstNumbers(numbers: readonly (number | null)[], column: string, count: number): number[] {
  if (numbers.length === count) return numbers.map((number) => number ?? -Infinity);
  throw new RowError(
    'ROW_LISTS_DIFFER',
    `found ${count} responses and ${numbers.length} numbers in "${column}", expected as many of each`,
  );
}

function isBetter(index: number, top: number, first: readonly number[], rewards: readonly number[]): boolean {
  if (first[index] !== first[top]) return first[index]! > first[top]!;
  return rewards[index]! > rewards[top]!;
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
