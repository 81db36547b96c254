import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { drop, keep } from '../flow/outcome.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  gradedMin: z
    .int()
    .min(1)
    .default(1)
    .describe('Drop a question with fewer responses that could be graded: its rate says little.'),
});

export type RateFailuresOptions = z.input<typeof options>;

export const rateFailuresSpec: OperatorSpec<typeof options> = {
  name: 'rateFailures',
  summary: 'Gives each question the share of its graded responses that are wrong.',
  details:
    'What ScaleQuest’s difficulty scorer is trained to predict (section 2.3): the fail rate of a solver on questions whose ' +
    'answers are known. A response without a final answer has failed; one that could not be graded does not count.',
  options,
  reads: () => ({ corrects: 'list<bool>' }),
  writes: () => [
    { name: 'failRate', type: 'float64', help: 'Share of graded responses that are wrong, 0 to 1.' },
  ],
  models: () => [],
  drops: { fewGraded: 'fewer responses than `gradedMin` could be graded' },
  contract: IMMEDIATE,
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: `- respond: { model: tiny, n: 4, tokensMax: 160 }
- gradeAnswer: {}
- rateFailures: {}`,
  operator: rateFailures,
};

export function rateFailures(input: RateFailuresOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const shape = shapeOf(rateFailuresSpec, parsed, context);
  return mapRows(shape, (row) => {
    const graded = (row['corrects'] as readonly (boolean | null)[]).filter((correct) => correct !== null);
    if (graded.length < parsed.gradedMin) return drop('fewGraded', `${graded.length} graded`);
    return keep({ failRate: graded.filter((correct) => !correct).length / graded.length });
  });
}
