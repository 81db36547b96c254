import { z } from 'zod';
import type { Column, ColumnValue } from '../arrow/columnType.js';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { withResource } from '../flow/withResource.js';
import type { ColumnNamed, ColumnTypes, Row } from '../flow/steps/columnTypes.js';
import { keep } from '../flow/steps/outcome.js';
import { GRADE_LIMITS } from '../grade/compare/budget.js';
import { type Grader, createGrader } from '../grade/worker/grader.js';
import { finalAnswer, referenceAnswer } from '../text/finalAnswer.js';
import { defineSpec, ROWWISE, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  of: z
    .enum(['responses', 'response'])
    .default('responses')
    .describe('What is graded: each of `responses`, or the one `response` that keepBest kept.'),
  answerColumn: z
    .string()
    .default('answer')
    .describe(
      'The column with the reference answer, alone or as a solution that ends in `\\boxed{…}` or `####`.',
    ),
  timeoutMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe(
      'The longest that grading one answer may take before the machine is to blame: the row is lost, and graded anew by a later run.',
    ),
});

/** Options of `gradeAnswer`. */
export interface GradeAnswerOptions<
  Of extends 'responses' | 'response' = 'responses' | 'response',
  Name extends string = string,
> {
  /**
   * What is graded: each of `responses`, or the one `response` that keepBest kept.
   *
   * @default "responses"
   */
  of?: Of;
  /**
   * The column with the reference answer, alone or as a solution that ends in `\boxed{…}` or `####`.
   *
   * @default "answer"
   */
  answerColumn?: Name;
  /**
   * The longest that grading one answer may take before the machine is to blame: the row is lost, and graded anew by a
   * later run.
   *
   * @default 60000
   */
  timeoutMs?: number;
}

/** What is graded. */
export type GradedColumns<Of> = Of extends 'response'
  ? { response: string }
  : { responses: readonly string[] };

/** What grading adds. */
export type GradeColumns<Of> = Of extends 'response'
  ? { correct: boolean | null; grade: string; answerFound: string }
  : {
      corrects: readonly (boolean | null)[];
      grades: readonly string[];
      answersFound: readonly string[];
      answerClasses: readonly (number | null)[];
    };

const GRADES =
  '`correct`, `wrong`, `unanswered`, or where it could not be graded ROW_GRADE_LIMIT or ROW_GRADE_FAILED';

const OF_RESPONSES: Column[] = [
  {
    name: 'corrects',
    type: 'list<bool>',
    help: 'Whether each response gives the reference answer; null where it could not be graded.',
  },
  { name: 'grades', type: 'list<string>', help: `For each response ${GRADES}.` },
  {
    name: 'answersFound',
    type: 'list<string>',
    help: 'The final answer that each response states; empty where none.',
  },
  {
    name: 'answerClasses',
    type: 'list<float64>',
    help: 'For each response the index of the first one with an equivalent answer; null where it has none.',
  },
];

const OF_RESPONSE: Column[] = [
  {
    name: 'correct',
    type: 'bool',
    nullable: true,
    help: 'Whether the response gives the reference answer; null where it could not be graded.',
  },
  { name: 'grade', type: 'string', help: `One of ${GRADES}.` },
  {
    name: 'answerFound',
    type: 'string',
    help: 'The final answer that the response states; empty where none.',
  },
];

export const gradeAnswerSpec = defineSpec({
  name: 'gradeAnswer',
  summary: 'Grades final answers against a reference answer by mathematical equivalence.',
  details:
    'Rational numbers are compared exactly, other expressions at 50 digits, and functions of variables ' +
    'at points drawn from the run’s seed. Sets, lists, `±` and unions have no order; tuples, intervals ' +
    'and matrices have one. Parts that one side leaves out do not count against it: `x = 3` is 3, `5 ' +
    'km/h` is 5, `50 %` is 0.5 and also 50. If both sides have units, these are converted. Angles are in ' +
    'radians unless they have a degree sign: `\\sin 30^\\circ` is 0.5. A decimal of six or more digits ' +
    'equals every value that rounds to it. `\\log` is to base 10. An answer counts as not graded, never ' +
    'as wrong, when it is beyond the limits on length, depth, digits and work, or when the grader fails at ' +
    'it. A budget of work decides, not the clock: a grade does not depend on how busy the machine is. What ' +
    'counts as an answer, and when two are the same, stands in docs/answers.md.',
  options,
  reads: ({ of, answerColumn }): ColumnTypes => ({
    [answerColumn]: 'string',
    ...(of === 'response' ? { response: 'string' } : { responses: 'list<string>' }),
  }),
  writes: ({ of }) => (of === 'response' ? OF_RESPONSE : OF_RESPONSES),
  models: () => [],
  drops: {},
  contract: { ...ROWWISE, onCancel: 'drops what it holds and stops its thread' },
  isRowwise: true,
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: `- respond: { model: tiny, n: 3, tokensMax: 256 }
- gradeAnswer: {}`,
  operator: gradeAnswer,
});

/**
 * Grades final answers against a reference answer by mathematical equivalence.
 *
 * Reads the reference answer and `responses`, and writes `corrects`, `grades`, `answersFound` and `answerClasses`, one item a
 * response; with `of: 'response'` it reads `response` and writes `correct`, `grade` and `answerFound`.
 * It grades in a thread of its own, which ends with the stream.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), gradeAnswer({ answerColumn: 'solution' }, context));
 */
export function gradeAnswer<
  const Of extends 'responses' | 'response' = 'responses',
  const Name extends string = 'answer',
>(
  input: GradeAnswerOptions<Of, Name>,
  context: RunContext,
): BatchOperator<ColumnNamed<Name, string> & GradedColumns<Of>, GradeColumns<Of>> {
  const parsed = parseOptions('gradeAnswer', options, input);
  const { timeoutMs, of, answerColumn } = parsed;

  function grading(grader: Grader): BatchOperator {
    return mapRows(shapeOf(gradeAnswerSpec, parsed, context), async (row) => {
      const gold = referenceOf(row, answerColumn);
      const responses = of === 'response' ? [row['response'] as string] : (row['responses'] as string[]);
      const graded = await gradeAll(grader, gold, responses);
      const values = of === 'response' ? single(graded) : { ...graded };
      return keep(values);
    });
  }

  const open = (): Grader => createGrader({ seed: context.seed, limits: GRADE_LIMITS, timeoutMs });
  return withResource(open, grading, (grader) => void grader.close());
}

function referenceOf(row: Row, column: string): string {
  const gold = referenceAnswer(row[column] as string);
  if (gold !== null) return gold;
  throw new RowError('ROW_VALUE_MISSING', `the row has no reference answer in its column "${column}"`);
}

interface GradedResponses {
  corrects: (boolean | null)[];
  grades: string[];
  answersFound: string[];
  answerClasses: (number | null)[];
}

/** One after the other: each wrong answer is compared with the wrong ones before it. Answers written alike are graded once. */
async function gradeAll(
  grader: Grader,
  gold: string,
  responses: readonly string[],
): Promise<GradedResponses> {
  const out: GradedResponses = { corrects: [], grades: [], answersFound: [], answerClasses: [] };
  const firstOf = new Map<string, number>();
  const wrong: { answer: string; at: number }[] = [];
  let firstCorrect: number | null = null;

  async function gradeNew(
    answer: string,
    at: number,
  ): Promise<{ grade: string; answerClass: number | null }> {
    const graded = await grader.grade({ gold, answer, others: wrong.map((other) => other.answer) });
    if (graded.grade === 'ROW_GRADE_TIMEOUT') throw notGraded(answer);
    if (graded.grade === 'correct') return { grade: 'correct', answerClass: (firstCorrect ??= at) };
    if (graded.grade !== 'wrong') return { grade: graded.grade, answerClass: null };
    if (graded.sameAs !== null) return { grade: 'wrong', answerClass: wrong[graded.sameAs]!.at };
    wrong.push({ answer, at });
    return { grade: 'wrong', answerClass: at };
  }

  for (const [at, response] of responses.entries()) {
    const answer = finalAnswer(response);
    const before = answer === null ? undefined : firstOf.get(answer);
    const { grade, answerClass } =
      answer === null
        ? { grade: 'unanswered', answerClass: null }
        : before !== undefined
          ? { grade: out.grades[before]!, answerClass: out.answerClasses[before]! }
          : await gradeNew(answer, at);
    if (answer !== null && before === undefined) firstOf.set(answer, at);
    out.grades.push(grade);
    out.corrects.push(grade.startsWith('ROW_') ? null : grade === 'correct');
    out.answersFound.push(answer ?? '');
    out.answerClasses.push(answerClass);
  }
  return out;
}

/** Answers within the budget take a fraction of a second: a slower moment says nothing of the answer. */
function notGraded(answer: string): RowError {
  const shown = answer.length > 40 ? `${answer.slice(0, 40)}…` : answer;
  return new RowError(
    'ROW_GRADE_TIMEOUT',
    `the answer "${shown}" was not graded before timeoutMs, or its thread had too little memory; run again on a machine that is less busy`,
    { mayDiffer: true },
  );
}

function single(graded: GradedResponses): Readonly<Record<string, ColumnValue>> {
  return {
    correct: graded.corrects[0]!,
    grade: graded.grades[0]!,
    answerFound: graded.answersFound[0]!,
  };
}
