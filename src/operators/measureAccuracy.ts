import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { KEEP } from '../flow/outcome.js';
import { scanRows } from '../flow/scanRows.js';
import { type EvaluationState, emptyEvaluation, foldEvaluation, metricsOf } from './lib/evaluation.js';
import { type Figures, IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  ks: z
    .array(z.int().min(2).max(1024))
    .default([4, 8, 16, 32])
    .describe(
      'For pass@k and maj@k, as far as there are so many responses a question; pass@1 is always there.',
    ),
  by: z
    .string()
    .optional()
    .describe(
      'A text column, such as the name of the benchmark: figures for each of its values under `groups`, beside those for all.',
    ),
});

export type MeasureAccuracyOptions = z.input<typeof options>;

export const measureAccuracySpec: OperatorSpec<typeof options> = {
  name: 'measureAccuracy',
  summary: 'Measures graded responses for the report: pass@1, pass@k and maj@k, with confidence intervals.',
  details:
    'pass@1 is the mean over questions of the share of right responses; pass@k the chance that one of k is right, without bias ' +
    '(Chen et al. 2021, arXiv 2107.03374, equation 1); maj@k the chance that the commonest answer of k is. Intervals hold 95 % ' +
    '(Wilson’s, widened or narrowed by how questions scatter). A response that could not be graded counts as not right, and ' +
    'apart. Only rows that come here are measured: let `respond` keep what is unfinished, or hard questions go missing. How many ' +
    'were lost before, and to what, stands beside as `problemsLost` and `lostTo`; without a single problem the run is an error.',
  options,
  reads: ({ by }) => ({
    corrects: 'list<bool>',
    answerClasses: 'list<float64>',
    ...(by === undefined ? {} : { [by]: 'string' as const }),
  }),
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
  figures: (parsed, deltas, { lost }) => {
    const accuracy = accuracyOf(z.array(measured).parse(deltas), parsed.ks);
    const problemsLost = Object.values(lost).reduce((sum, rows) => sum + rows, 0);
    return { ...accuracy, problemsLost, ...(problemsLost > 0 ? { lostTo: lost } : {}) };
  },
};

const measured = z.strictObject({
  corrects: z.array(z.boolean().nullable()),
  answerClasses: z.array(z.number().nullable()),
  group: z.string().optional(),
});

type Measured = z.output<typeof measured>;

export function measureAccuracy(input: MeasureAccuracyOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
  const { by } = parsed;
  const shape = shapeOf(measureAccuracySpec, parsed, context);
  return scanRows<null, Measured>(shape, {
    init: () => null,
    decide: (_state, row) => ({
      outcome: KEEP,
      delta: {
        corrects: row['corrects'] as unknown as (boolean | null)[],
        answerClasses: row['answerClasses'] as (number | null)[],
        ...(by === undefined ? {} : { group: row[by] as string }),
      },
    }),
    apply: () => {},
  });
}

function accuracyOf(rows: readonly Measured[], ks: readonly number[]): Figures {
  const all = figuresOf(rows.reduce(foldEvaluation, emptyEvaluation(ks)));
  const groups = [...new Set(rows.flatMap(({ group }) => group ?? []))].sort();
  if (groups.length === 0) return all;
  return {
    ...all,
    groups: Object.fromEntries(
      groups.map((group) => {
        const own = rows.filter((row) => row.group === group);
        return [group, figuresOf(own.reduce(foldEvaluation, emptyEvaluation(ks)))];
      }),
    ),
  };
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
