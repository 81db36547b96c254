import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { ColumnNamed, NoColumns } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { KEEP, drop } from '../flow/steps/outcome.js';
import { referenceAnswer } from '../text/finalAnswer.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  answerColumn: z
    .string()
    .default('answer')
    .describe('The column with the reference answer, as `gradeAnswer` reads it.'),
});

/** Options of `filterReference`. */
export interface FilterReferenceOptions<Name extends string = string> {
  /**
   * The column with the reference answer, as `gradeAnswer` reads it.
   *
   * @default "answer"
   */
  answerColumn?: Name;
}

export const filterReferenceSpec = defineSpec({
  name: 'filterReference',
  summary: 'Drops questions without a reference answer, before anything is asked about them.',
  details:
    'Put this step first where answers are graded: a response to a question that cannot be graded is ' +
    'paid for and lost. A value that is missing or blank, or an empty `\\boxed{}` or `####`, is no ' +
    'answer. `measureAccuracy` reports beside its figures how many questions were dropped.',
  options,
  reads: ({ answerColumn }) => ({ [answerColumn]: 'string' }),
  writes: () => [],
  models: () => [],
  drops: { noAnswer: 'the row has no reference answer' },
  contract: IMMEDIATE,
  isRowwise: true,
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: '- filterReference: {}',
  operator: filterReference,
});

/**
 * Drops questions without a reference answer, before a model is asked about them.
 *
 * Reads the column that `answerColumn` names; drops as `noAnswer`.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(filterReference({ answerColumn: 'solution' }, context));
 */
export function filterReference<const Name extends string = 'answer'>(
  input: FilterReferenceOptions<Name>,
  context: RunContext,
): BatchOperator<ColumnNamed<Name, string>, NoColumns> {
  const parsed = parseOptions('filterReference', options, input);
  const { answerColumn } = parsed;
  const shape = { ...shapeOf(filterReferenceSpec, parsed, context), mayLack: [answerColumn] };
  return mapRows(shape, (row) => {
    const reference = row[answerColumn] as string | null;
    return reference !== null && referenceAnswer(reference) !== null ? KEEP : drop('noAnswer');
  });
}
