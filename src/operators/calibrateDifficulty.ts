import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import type { NoColumns } from '../flow/steps/columnTypes.js';
import { KEEP } from '../flow/steps/outcome.js';
import { scanRows } from '../flow/steps/scanRows.js';
import { argsort } from './lib/argsort.js';
import { createNumbers } from './lib/numbers.js';
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
  parts: z
    .int()
    .min(2)
    .max(50)
    .default(10)
    .describe('How many parts of equal size the questions are divided into, by difficulty.'),
  dropShares: z
    .array(z.number().gt(0).lt(1))
    .default([0.05, 0.1, 0.2, 0.3])
    .describe(
      'For each of these shares, the report gives the difficulty below which that share of the questions lies.',
    ),
});

/** Options of `calibrateDifficulty`. */
export interface CalibrateDifficultyOptions {
  /**
   * How many parts of equal size the questions are divided into, by difficulty.
   *
   * @default 10
   */
  parts?: number;
  /**
   * For each of these shares, the report gives the difficulty below which that share of the questions lies.
   *
   * @default [0.05,0.1,0.2,0.3]
   */
  dropShares?: number[];
}

export const calibrateDifficultySpec = defineSpec({
  name: 'calibrateDifficulty',
  summary: 'Compares the difficulty that a scorer gives with the fail rate of a solver, for the report.',
  details:
    'Run a scorer over questions with known fail rates that it was not trained on. The report then says ' +
    'how well their orders agree (Spearman’s rank correlation), how far the two are apart, how predicted ' +
    'and true rates compare in parts of equal size, and which threshold for `sampleDifficulty` drops a ' +
    'wanted share of these questions. Of other questions it may drop more or fewer. ScaleQuest set its ' +
    'threshold by hand and did not publish it. Ranks need every question: the figures take 16 bytes of ' +
    'memory a question, and 48 while they are made at the end of the run.',
  options,
  reads: () => ({ difficulty: 'float64', failRate: 'float64' }),
  writes: () => [],
  models: () => [],
  drops: {},
  contract: { ...IMMEDIATE, holdsAtMost: 'one batch; 16 bytes a question for its figures' },
  source: '{ jsonl: { path: benchmarks/sums.jsonl, columns: { question: string, answer: string } } }',
  example: `- respond: { model: tiny, n: 4, tokensMax: 160 }
- gradeAnswer: {}
- rateFailures: {}
- scoreDifficulty: { model: tiny }
- calibrateDifficulty: { parts: 2 }`,
  operator: calibrateDifficulty,
  measures: true,
  figures: foldCalibration,
});

const pair = z.tuple([z.number(), z.number()]);

/** Predicted difficulty and true fail rate of a question. */
type Pair = z.output<typeof pair>;

/**
 * Compares the difficulty that a scorer gives with the fail rate of a solver; the report shows how well they agree.
 *
 * Reads `difficulty` and `failRate` (0 to 1) and keeps every row. Figures: Spearman’s rank correlation, mean absolute error,
 * thresholds by share of questions dropped.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(rateFailures({}, context), scoreDifficulty({ model: 'scorer' }, context), calibrateDifficulty({}, context));
 */
export function calibrateDifficulty(
  input: CalibrateDifficultyOptions,
  context: RunContext,
): BatchOperator<{ difficulty: number; failRate: number }, NoColumns> {
  const parsed = parseOptions('calibrateDifficulty', options, input);
  // A question that the scorer was to leave alone has no difficulty: it passes unmeasured.
  const shape = { ...shapeOf(calibrateDifficultySpec, parsed, context), mayLack: ['difficulty'] as const };
  return scanRows(shape, {
    init: () => null,
    decide: (_state, { difficulty, failRate }): { outcome: typeof KEEP; delta?: Pair } =>
      difficulty === null ? { outcome: KEEP } : { outcome: KEEP, delta: [difficulty, failRate] },
    apply: () => {},
  });
}

/** Ranks need all pairs: 16 bytes each, and as many again and more while the figures are made. */
function foldCalibration(parsed: Parts): FiguresFold {
  const difficulties = createNumbers();
  const failRates = createNumbers();
  return {
    add(delta) {
      const [difficulty, failRate] = pair.parse(delta);
      difficulties.add(difficulty);
      failRates.add(failRate);
    },
    end: () => calibrationOf(difficulties.all(), failRates.all(), parsed),
  };
}

interface Parts {
  parts: number;
  dropShares: readonly number[];
}

/** The figures of questions, by their predicted difficulty and true fail rate; rows alone where there are fewer than two. */
export function calibrationOf(
  difficulties: Float64Array,
  failRates: Float64Array,
  { parts, dropShares }: Parts,
): Figures {
  const rows = difficulties.length;
  if (rows < 2) return { rows };
  const order = argsort(difficulties);
  const predicted = taken(difficulties, order);
  const actual = taken(failRates, order);
  return {
    rows,
    rankCorrelation: pearson(ranks(predicted), ranks(actual)),
    meanAbsoluteError: mean(predicted.map((difficulty, at) => Math.abs(difficulty - actual[at]!))),
    ...Object.fromEntries(
      dropShares.map((share) => [
        `thresholdDropping${Math.round(share * 1000) / 10}%`,
        quantile(predicted, share),
      ]),
    ),
    ...Object.fromEntries(partsOf(predicted, actual, parts)),
  };
}

/** `predicted` ascends. */
function partsOf(predicted: Float64Array, actual: Float64Array, partsMax: number): [string, Figures][] {
  const count = predicted.length;
  const parts = Math.min(partsMax, count);
  return Array.from({ length: parts }, (_, part): [string, Figures] => {
    const from = Math.floor((part * count) / parts);
    const to = Math.floor(((part + 1) * count) / parts);
    return [
      `part${part + 1}`,
      {
        rows: to - from,
        predicted: mean(predicted.subarray(from, to)),
        true: mean(actual.subarray(from, to)),
      },
    ];
  });
}

function taken(values: Float64Array, order: Uint32Array): Float64Array {
  const ordered = new Float64Array(order.length);
  for (let at = 0; at < order.length; at++) ordered[at] = values[order[at]!]!;
  return ordered;
}

/** The smallest value that is not below `share` of them: `sampleDifficulty: { min }` drops what is smaller. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** From 1; equal values share the mean of their ranks. */
export function ranks(values: Float64Array): Float64Array {
  const order = argsort(values);
  const ranked = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let at = from; at < to; at++) ranked[order[at]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranked;
}

/** 0 where one side does not vary at all. */
function pearson(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const value = a[at]!;
    ab += (value - meanA) * (b[at]! - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[at]! - meanB) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
