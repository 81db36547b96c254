import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  gradedMin: z
    .int()
    .min(1)
    .default(1)
    .describe('Drop a question with fewer responses that could be graded: its rate says little.'),
});

/** Options of `rateFailures`. */
export interface RateFailuresOptions {
  /**
   * Drop a question with fewer responses that could be graded: its rate says little.
   *
   * @default 1
   */
  gradedMin?: number;
}

export const rateFailuresSpec = defineSpec({
  name: 'rateFailures',
  summary: 'Gives each question the share of its graded responses that are wrong.',
  details:
    'ScaleQuest’s difficulty scorer is trained to predict this number (section 2.3): the fail rate of a ' +
    'solver on questions whose answers are known. A response without a final answer has failed. A ' +
    'response that could not be graded does not count.',
  options,
  reads: () => ({ corrects: 'list<bool>' }),
  writes: () => [
    { name: 'failRate', type: 'float64', help: 'Share of graded responses that are wrong, 0 to 1.' },
  ],
  models: () => [],
  drops: { fewGraded: 'fewer responses than `gradedMin` could be graded' },
  contract: IMMEDIATE,
  isRowwise: true,
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: `- respond: { model: tiny, n: 4, tokensMax: 160 }
- gradeAnswer: {}
- rateFailures: {}`,
  operator: rateFailures,
});

/**
 * Gives each question the share of its graded responses that are wrong.
 *
 * Reads `corrects` and writes `failRate`, 0 to 1; drops as `fewGraded`. Source: ScaleQuest (arXiv 2410.18693), section 2.3.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(gradeAnswer({}, context), rateFailures({ gradedMin: 4 }, context));
 */
export function rateFailures(
  input: RateFailuresOptions,
  context: RunContext,
): BatchOperator<{ corrects: readonly (boolean | null)[] }, { failRate: number }> {
  const parsed = parseOptions('rateFailures', options, input);
  const shape = shapeOf(rateFailuresSpec, parsed, context);
  return mapRows(shape, ({ corrects }) => {
    const graded = corrects.filter((correct) => correct !== null);
    if (graded.length < parsed.gradedMin) return drop('fewGraded', `${graded.length} graded`);
    return keep({ failRate: graded.filter((correct) => !correct).length / graded.length });
  });
}
