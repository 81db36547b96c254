import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { ColumnNamed, ColumnTypes, NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import { type EvaluationState, emptyEvaluation, foldEvaluation, metricsOf } from './lib/evaluation.js';
import {
  type Figures,
  type FiguresFold,
  IMMEDIATE,
  defineSpec,
  type RunContext,
  parseOptions,
  shapeOf,
} from './lib/operator.js';

const options = z.strictObject({
  ks: z
    .array(z.int().min(2).max(1024))
    .default([4, 8, 16, 32])
    .describe(
      'The values of k for pass@k and maj@k; a question needs at least k responses. pass@1 is always measured.',
    ),
  by: z
    .string()
    .optional()
    .describe(
      'A text column, such as the name of the benchmark. The report then has figures for each of its values, under ' +
        '`groups`, beside those for all rows.',
    ),
});

/** Options of `measureAccuracy`. */
export interface MeasureAccuracyOptions<By extends string | undefined = string | undefined> {
  /**
   * The values of k for pass@k and maj@k; a question needs at least k responses. pass@1 is always measured.
   *
   * @default [4,8,16,32]
   */
  ks?: number[];
  /**
   * A text column, such as the name of the benchmark. The report then has figures for each of its values, under `groups`,
   * beside those for all rows.
   */
  by?: By;
}

/** What is measured, and the column of the group. */
export type MeasuredColumns<By> = {
  corrects: readonly (boolean | null)[];
  answerClasses?: readonly (number | null)[];
} & (By extends string ? ColumnNamed<By, string> : NoColumns);

export const measureAccuracySpec = defineSpec({
  name: 'measureAccuracy',
  summary: 'Measures graded responses for the report: pass@1, pass@k and maj@k, with confidence intervals.',
  details:
    'pass@1 is the mean over questions of the share of right responses. pass@k is the chance that one of ' +
    'k responses is right, without bias (Chen et al. 2021, arXiv 2107.03374, equation 1). maj@k is the ' +
    'chance that the most frequent answer of k is right. Intervals hold 95 % (Wilson’s, widened or ' +
    'narrowed by how questions scatter). A response that could not be graded counts as not right, and is ' +
    'counted apart too. Only rows that come to this step are measured: let `respond` keep unfinished ' +
    'responses, or hard questions go missing. Without `answerClasses`, which `runTests` does not write, there ' +
    'is no maj@k. `problemsLost` and `lostTo` say how many problems were ' +
    'lost before, and to what. A run without a single problem ends with an error.',
  options,
  reads: ({ by }): ColumnTypes => ({
    corrects: 'list<bool>',
    answerClasses: 'list<float64>',
    ...(by === undefined ? {} : { [by]: 'string' }),
  }),
  // Programs have no answers that could be the same.
  optional: () => ['answerClasses'],
  mayBeAbsent: () => ['answerClasses'],
  writes: () => [],
  models: () => [],
  drops: {},
  contract: { ...IMMEDIATE, holdsAtMost: 'one batch' },
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: `- respond: { model: tiny, n: 4, tokensMax: 160, keepUnfinished: true }
- gradeAnswer: {}
- measureAccuracy: { ks: [4] }`,
  operator: measureAccuracy,
  measures: true,
  figures: foldAccuracy,
});

const measured = z.strictObject({
  corrects: z.array(z.boolean().nullable()),
  answerClasses: z.array(z.number().nullable()).optional(),
  group: z.string().optional(),
});

/** One problem, as the step learns it. */
interface Measured {
  readonly corrects: readonly (boolean | null)[];
  readonly answerClasses?: readonly (number | null)[];
  readonly group?: string;
}

/**
 * Measures graded responses for the report: pass@1, pass@k and maj@k, with 95 % confidence intervals.
 *
 * Reads `corrects`, `answerClasses` if there are any, and the column that `by` names, and keeps every row. Source of pass@k:
 * Chen et al. 2021 (arXiv 2107.03374), equation 1.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(
 *   respond({ model: 'tiny', n: 8, keepUnfinished: true }, context),
 *   gradeAnswer({}, context),
 *   measureAccuracy({ ks: [4, 8] }, context),
 * );
 */
export function measureAccuracy<const By extends string | undefined = undefined>(
  input: MeasureAccuracyOptions<By>,
  context: RunContext,
): BatchOperator<MeasuredColumns<By>, NoColumns> {
  const parsed = parseOptions('measureAccuracy', options, input);
  const { by } = parsed;
  const shape = shapeOf(measureAccuracySpec, parsed, context);
  return scanRows(shape, {
    init: () => null,
    decide: (_state, row): { outcome: typeof KEEP; delta: Measured } => ({
      outcome: KEEP,
      delta: {
        corrects: row['corrects'] as Measured['corrects'],
        ...classesOf(row['answerClasses']),
        ...(by === undefined ? {} : { group: row[by] as string }),
      },
    }),
    apply: () => {},
  });
}

/** Undefined where no step before writes the column. */
function classesOf(answerClasses: unknown): Pick<Measured, 'answerClasses'> {
  if (answerClasses === undefined || answerClasses === null) return {};
  return { answerClasses: answerClasses as (number | null)[] };
}

/** Holds a state for all rows and one for each group. */
function foldAccuracy({ ks }: z.output<typeof options>): FiguresFold {
  let all = emptyEvaluation(ks);
  const groups = new Map<string, EvaluationState>();
  return {
    add(delta) {
      const row: Measured = measured.parse(delta);
      all = foldEvaluation(all, row);
      const { group } = row;
      if (group !== undefined)
        groups.set(group, foldEvaluation(groups.get(group) ?? emptyEvaluation(ks), row));
    },
    end(lost) {
      const problemsLost = Object.values(lost).reduce((sum, rows) => sum + rows, 0);
      return {
        ...figuresOf(all),
        ...(groups.size > 0 ? { groups: groupFigures(groups) } : {}),
        ...{ problemsLost, ...(problemsLost > 0 ? { lostTo: lost } : {}) },
      };
    },
  };
}

function groupFigures(groups: ReadonlyMap<string, EvaluationState>): Figures {
  const names = [...groups.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, figuresOf(groups.get(name)!)]));
}

function figuresOf(state: EvaluationState): Figures {
  const { problems, samples, ungraded, unanswered, passAt1, passAtK, majAtK } = metricsOf(state);
  const named = (name: string, estimates: typeof passAtK): Figures =>
    Object.fromEntries(Object.entries(estimates).map(([k, estimate]) => [`${name}@${k}`, { ...estimate }]));
  return {
    problems,
    samples,
    ungraded,
    unanswered,
    ...(passAt1 ? { 'pass@1': { ...passAt1 } } : {}),
    ...named('pass', passAtK),
    ...named('maj', majAtK),
  };
}
