import { z } from 'zod';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { KEEP, drop } from '../flow/steps/outcome.js';
import {
  type GeneratorRead,
  generatorNeeds,
  generatorReads,
  generatorsOption,
  isMeant,
} from './lib/generators.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, rowUniform, shapeOf } from './lib/operator.js';

const options = z
  .strictObject({
    // A scorer’s head is unbounded: of a fail rate it may well predict -0.02 or 1.03.
    min: z
      .number()
      .optional()
      .describe('Drop questions easier than this; on the scale of `difficulty`. No bound if absent.'),
    max: z.number().optional().describe('Drop questions harder than this. No bound if absent.'),
    keepShares: z
      .array(z.number().min(0).max(1))
      .min(1)
      .optional()
      .describe(
        'Shares to keep, one for each of as many equal parts of [0, 1], from easy to hard: [0.2, 0.6, 1] keeps a fifth of ' +
          'the easiest third. A difficulty outside [0, 1] belongs to the part at that end; `min` and `max` must lie inside.',
      ),
    generators: generatorsOption,
  })
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, {
    path: ['min'],
    message: 'expected min to be at most max',
  })
  .superRefine(({ min, max, keepShares }, context) => {
    for (const [name, bound] of Object.entries({ min, max })) {
      if (keepShares === undefined || bound === undefined || (bound >= 0 && bound <= 1)) continue;
      const message = 'expected a number from 0 to 1 beside `keepShares`, whose parts divide [0, 1]';
      context.addIssue({ code: 'custom', message, path: [name], input: bound });
    }
  });

/** Options of `sampleDifficulty`. */
export interface SampleDifficultyOptions<Generators extends string[] | undefined = string[] | undefined> {
  /** Drop questions easier than this; on the scale of `difficulty`. No bound if absent. */
  min?: number;
  /** Drop questions harder than this. No bound if absent. */
  max?: number;
  /**
   * Shares to keep, one for each of as many equal parts of [0, 1], from easy to hard: [0.2, 0.6, 1] keeps a fifth of the
   * easiest third. A difficulty outside [0, 1] belongs to the part at that end; `min` and `max` must lie inside.
   */
  keepShares?: number[];
  /** Only questions of these generators, names from `models`; the others pass as they are. All if absent. */
  generators?: Generators;
}

const DIFFICULTY = { meaning: 'difficulty', column: 'difficulty', range: [null, null] } as const;

export const sampleDifficultySpec = defineSpec({
  name: 'sampleDifficulty',
  summary: 'Keeps questions by difficulty: a range, a share of each part of it, or both.',
  details:
    'ScaleQuest drops the easiest questions by a threshold that was set by hand; it dropped 9.2 % of all ' +
    'questions. The run’s seed decides for each row whether it belongs to a share. So the step streams, ' +
    'and a repeated run keeps the same rows. The paper samples the questions of only one of its two ' +
    'generators: see `generators`.',
  options,
  reads: ({ generators }) => ({ difficulty: 'float64', ...generatorReads(generators) }),
  writes: () => [],
  models: ({ generators }) => generatorNeeds(generators),
  drops: {
    tooEasy: 'the difficulty is below `min`',
    tooHard: 'the difficulty is above `max`',
    notSampled: 'the draw against the share of its part said no',
  },
  thresholds: ({ min = null, max = null, keepShares }) => [
    { ...DIFFICULTY, option: 'min', keeps: 'atLeast', value: min, drops: 'tooEasy', isOnly: !keepShares },
    { ...DIFFICULTY, option: 'max', keeps: 'atMost', value: max, drops: 'tooHard', isOnly: !keepShares },
  ],
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- scoreDifficulty: { model: tiny }
- sampleDifficulty: { min: 0.05 }`,
  operator: sampleDifficulty,
});

/**
 * Keeps questions by difficulty: a range, a share of each part of it, or both.
 *
 * Reads `difficulty`, and `generator` where `generators` is given; drops as `tooEasy`, `tooHard` or `notSampled`. Source:
 * ScaleQuest (arXiv 2410.18693), section 2.3.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(scoreDifficulty({ model: 'scorer' }, context), sampleDifficulty({ keepShares: [0.2, 0.6, 1] }, context));
 */
export function sampleDifficulty<const Generators extends string[] | undefined = undefined>(
  input: SampleDifficultyOptions<Generators>,
  context: RunContext,
): BatchOperator<{ difficulty: number } & GeneratorRead<Generators>, NoColumns> {
  const parsed = parseOptions('sampleDifficulty', options, input);
  const { min = -Infinity, max = Infinity, keepShares, generators } = parsed;
  // A question that is not meant may have no difficulty; one that is must.
  const shape = { ...shapeOf(sampleDifficultySpec, parsed, context), mayLack: ['difficulty'] as const };

  // The compiler does not follow a column that the options decide on; test/types does.
  const sampled: BatchOperator = mapRows(shape, (row) => {
    if (!isMeant(generators, row)) return KEEP;
    const value = row.difficulty;
    if (value === null)
      throw new RowError('ROW_VALUE_MISSING', 'the row has no value in its column "difficulty"');
    if (value < min) return drop('tooEasy', `difficulty ${value.toFixed(4)}`);
    if (value > max) return drop('tooHard', `difficulty ${value.toFixed(4)}`);
    if (keepShares === undefined) return KEEP;
    const part = Math.min(keepShares.length - 1, Math.max(0, Math.floor(value * keepShares.length)));
    return rowUniform(context, shape.step, row) < keepShares[part]! ? KEEP : drop('notSampled');
  });
  return sampled;
}
