import { z } from 'zod';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { KEEP, drop } from '../flow/outcome.js';
import { generatorNeeds, generatorReads, generatorsOption, isMeant } from './_generators.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, rowUniform, shapeOf } from './operator.js';

const options = z
  .strictObject({
    min: z.number().min(0).max(1).default(0).describe('Drop questions easier than this.'),
    max: z.number().min(0).max(1).default(1).describe('Drop questions harder than this.'),
    keepShares: z
      .array(z.number().min(0).max(1))
      .min(1)
      .optional()
      .describe(
        'Share kept in each of so many equal parts of [0, 1], from easy to hard: [0.2, 0.6, 1] keeps a fifth of the easiest third.',
      ),
    generators: generatorsOption,
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'expected min to be at most max' });

export type SampleDifficultyOptions = z.input<typeof options>;

export const sampleDifficultySpec: OperatorSpec<typeof options> = {
  name: 'sampleDifficulty',
  summary: 'Keeps questions by difficulty: a range, a share of each part of it, or both.',
  details:
    'ScaleQuest drops the easiest questions by a threshold set by hand (9.2 % of all fell to it). A share is decided row by ' +
    'row from the run’s seed, so the step streams and a re-run keeps the same rows. The paper samples the questions of one of ' +
    'its two generators only: see `generators`.',
  options,
  reads: ({ generators }) => ({ difficulty: 'float64', ...generatorReads(generators) }),
  writes: () => [],
  models: ({ generators }) => generatorNeeds(generators),
  drops: {
    tooEasy: 'the difficulty is below `min`',
    tooHard: 'the difficulty is above `max`',
    notSampled: 'the draw against the share of its part said no',
  },
  contract: IMMEDIATE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- scoreDifficulty: { model: tiny }
- sampleDifficulty: { min: 0.05 }`,
  operator: sampleDifficulty,
};

export function sampleDifficulty(input: SampleDifficultyOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { min, max, keepShares, generators } = parsed;
  // A question that is not meant may have no difficulty; one that is must.
  const shape = { ...shapeOf(sampleDifficultySpec, parsed, context), mayLack: ['difficulty'] };

  return mapRows(shape, (row) => {
    if (!isMeant(generators, row)) return KEEP;
    const value = row['difficulty'] as number | null;
    if (value === null)
      throw new RowError('ROW_VALUE_MISSING', 'the row has no value in its column "difficulty"');
    if (value < min) return drop('tooEasy', `difficulty ${value.toFixed(4)}`);
    if (value > max) return drop('tooHard', `difficulty ${value.toFixed(4)}`);
    if (keepShares === undefined) return KEEP;
    const part = Math.min(keepShares.length - 1, Math.max(0, Math.floor(value * keepShares.length)));
    return rowUniform(context, shape.step, row) < keepShares[part]! ? KEEP : drop('notSampled');
  });
}
