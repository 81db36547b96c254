import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { KEEP, drop } from '../flow/outcome.js';
import { referenceAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  answerColumn: z
    .string()
    .default('answer')
    .describe('The column with the reference answer, as `gradeAnswer` reads it.'),
});

export type FilterReferenceOptions = z.input<typeof options>;

export const filterReferenceSpec: OperatorSpec<typeof options> = {
  name: 'filterReference',
  summary: 'Drops questions without a reference answer, before anything is asked about them.',
  details:
    'Put it first where answers are graded: a response to a question that cannot be graded is paid for and lost. No answer is a ' +
    'value that is missing, blank, or an empty `\\boxed{}` or `####`. `measureAccuracy` reports how many were dropped beside its figures.',
  options,
  reads: ({ answerColumn }) => ({ [answerColumn]: 'string' }),
  writes: () => [],
  models: () => [],
  drops: { noAnswer: 'the row has no reference answer' },
  contract: IMMEDIATE,
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: '- filterReference: {}',
  operator: filterReference,
};

export function filterReference(input: FilterReferenceOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { answerColumn } = parsed;
  const shape = { ...shapeOf(filterReferenceSpec, parsed, context), mayLack: [answerColumn] };
  return mapRows(shape, (row) => {
    const reference = row[answerColumn] as string | null;
    return reference !== null && referenceAnswer(reference) !== null ? KEEP : drop('noAnswer');
  });
}
