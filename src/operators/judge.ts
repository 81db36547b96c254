import { z } from 'zod';
import type { Column, ColumnType } from '../arrow/columnType.js';
import type { BatchOperator } from '../flow/batch.js';
import type { AnyColumns } from '../flow/steps/columnTypes.js';
import { joinReplyTexts } from '../flow/steps/lostReply.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { samplingOptions } from './lib/completion.js';
import {
  ROWWISE,
  type RunContext,
  defineSpec,
  modelOf,
  parseOptions,
  rowSeed,
  shapeOf,
} from './lib/operator.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import {
  type Score,
  criteriaOption,
  markedTexts,
  minOf,
  reasonColumn,
  rubricForm,
  rubricSchema,
  rubricText,
  scaleOf,
} from './lib/judging/rubric.js';
import { completeForm, repairsOption } from './lib/structured/replyForm.js';

const options = z
  .strictObject({
    model: z.string().describe('A name from `models`: the judge.'),
    criteria: criteriaOption.describe('The rubric: what is rated, and on which scale.'),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .default(['question', 'response'])
      .describe('Columns of texts that the built-in prompt shows the judge.'),
    prompt: z
      .string()
      .optional()
      .describe(
        'Prompt file, or the text itself, with {{ rubric }} and any columns, as {{ question }}; the rubric ends with the form of the ' +
          'reply. Built in if absent.',
      ),
    n: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Replies a row; the scores are their means. More than one needs a temperature above 0.'),
    repairsMax: repairsOption.describe(
      'How often a verdict that does not fit the rubric is asked for again, with what was wrong.',
    ),
    ...samplingOptions({ temperature: 0, topP: 1, tokensMax: 1024 }),
  })
  .superRefine(({ n, temperature, criteria, columns, prompt }, context) => {
    if (n > 1 && temperature === 0)
      context.addIssue({
        code: 'custom',
        path: ['n'],
        message: 'expected a temperature above 0 beside it: at 0 all replies are the same',
      });
    const read = new Set(prompt === undefined ? columns : []);
    for (const [at, { name }] of criteria.entries()) {
      const clash = [name, reasonColumn(name)].find((column) => read.has(column));
      if (clash === undefined) continue;
      const message = `its column ${clash} is one that is judged; give the criterion another name`;
      context.addIssue({ code: 'custom', path: ['criteria', at, 'name'], message });
    }
  });

type Options = z.output<typeof options>;

/** Options of `judge`. */
export interface JudgeOptions {
  /** A name from `models`: the judge. */
  model: string;
  /** The rubric: what is rated, and on which scale. */
  criteria: JudgeCriterionOptions[];
  /**
   * Columns of texts that the built-in prompt shows the judge.
   *
   * @default ["question","response"]
   */
  columns?: string[];
  /**
   * Prompt file, or the text itself, with {{ rubric }} and any columns, as {{ question }}; the rubric ends with the form of the
   * reply. Built in if absent.
   */
  prompt?: string;
  /**
   * Replies a row; the scores are their means. More than one needs a temperature above 0.
   *
   * @default 1
   */
  n?: number;
  /**
   * How often a verdict that does not fit the rubric is asked for again, with what was wrong.
   *
   * @default 0
   */
  repairsMax?: number;
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 0
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 1
   */
  topP?: number;
  /**
   * Longest completion, in tokens.
   *
   * @default 1024
   */
  tokensMax?: number;
}

/** One criterion of a rubric. */
export interface JudgeCriterionOptions {
  /** Names the column of its scores, and the reason for which rows are dropped. */
  name: string;
  /** What the judge is to look at, and what deserves which score. */
  description: string;
  /** The lowest and the highest score. */
  scale?: [number, number];
  /** In place of `scale`: named grades from the worst to the best. The score is the place of the grade, from 1. */
  grades?: string[];
  /** Drop the row below this score or grade. It drops none if absent. */
  min?: number | string;
}

export const judgeSpec = defineSpec({
  name: 'judge',
  summary: 'Has a model rate the row by a rubric, and drops it where a criterion falls short.',
  details:
    'One request a row asks for all criteria together: a reason and a score for each, as a JSON object. The rubric is a JSON Schema: ' +
    'servers that can are held to it, and the reply is checked in any case. The scores become columns, and ' +
    'the reasons too. What stands in a thought (`<think>…</think>`) does not count. A reply without a score on its scale for each ' +
    'criterion, or with two verdicts that differ, rejects the row with ROW_UNCLEAR. The built-in prompt puts each text between marks ' +
    'that the text cannot hold, and tells the judge that what stands there is to be judged and not obeyed. A row that is dropped is ' +
    'counted under the first criterion that falls short.',
  options,
  reads: ({ prompt, columns }): Record<string, ColumnType> =>
    prompt === undefined ? Object.fromEntries(columns.map((name) => [name, 'string'])) : {},
  writes: ({ criteria }): Column[] =>
    criteria.flatMap((each): Column[] => [
      {
        name: each.name,
        type: 'float64',
        help: `The judge’s score for ${each.name}, ${scaleOf(each).join(' to ')}.`,
      },
      {
        name: reasonColumn(each.name),
        type: 'string',
        help: `The judge’s reason for its score for ${each.name}.`,
      },
    ]),
  models: ({ model }) => [{ model, needs: 'complete', at: ['model'] }],
  schemas: ({ model, criteria }) => [{ model, schema: rubricSchema(criteria) }],
  prompts: ({ prompt: given }) => [
    { name: 'judge', given, own: given === undefined ? ['texts', 'rubric'] : ['rubric'], at: ['prompt'] },
  ],
  drops: {},
  dropsBy: ({ criteria }) =>
    Object.fromEntries(criteria.map(({ name }) => [name, `the score for ${name} is below its \`min\``])),
  thresholds: ({ criteria }) => {
    const isOnly = criteria.filter(({ min }) => min !== undefined).length <= 1;
    return criteria.map((each, at) => ({
      ...{
        option: `criteria.${at}.min`,
        title: `${each.name}.min`,
        meaning: `score for ${each.name}`,
        keeps: 'atLeast',
        value: minOf(each),
      },
      ...{ column: each.name, drops: each.name, range: scaleOf(each), isOnly, isWhole: true },
      ...(each.grades && { grades: each.grades }),
    }));
  },
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- judge:
    model: tiny
    columns: [question]
    criteria:
      - { name: clarity, description: How clearly the question says what is asked., scale: [1, 5], min: 3 }
      - { name: level, description: For whom the question is., grades: [child, pupil, student] }
    tokensMax: 96`,
  operator: judge,
});

/**
 * Has a model rate each row by a rubric, and drops it where a criterion falls short.
 *
 * Reads the columns that `columns` names, or those that the prompt uses, and writes for each criterion a column of its name and one
 * with the reasons; drops with the name of the criterion as the reason.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt without {{ rubric }}. The stream ends
 * with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * const criteria = [{ name: 'clarity', description: 'Is it clear what is asked?', scale: [1, 5], min: 4 }];
 * source.pipe(judge({ model: 'judge', columns: ['question'], criteria }, context));
 */
export function judge(input: JudgeOptions, context: RunContext): BatchOperator<AnyColumns, AnyColumns> {
  const parsed = parseOptions('judge', options, input);
  const { model: name, criteria, columns, n, repairsMax, temperature, topP, tokensMax } = parsed;
  const [prompt] = compilePrompts(judgeSpec, parsed, context);
  const shape = shapeOf(judgeSpec, parsed, context, [prompt!]);
  const rubric = rubricText(criteria);
  const form = rubricForm(criteria);

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const texts =
      parsed.prompt === undefined
        ? markedTexts(columns.map((column) => [column, row[column] as string]))
        : '';
    const message = { kind: 'user', text: prompt!(row, { texts, rubric }) } as const;
    const seed = rowSeed(context, shape.step, row);
    const ask = { seq, message, n, temperature, topP, tokensMax, seed };
    const { replies, leftOut } = await completeForm(modelOf(context, name), ask, form, repairsMax);
    const scores = meansOf(replies.map(({ value }) => value));
    const short = criteria.findIndex((each, at) => scores[at]!.score < (minOf(each) ?? -Infinity));
    if (short >= 0) {
      const { name: reason } = criteria[short]!;
      return drop(
        reason,
        `${scores[short]!.reason} ${reason} ${scores[short]!.score.toFixed(4)}`.trim(),
        joinReplyTexts(replies.map(({ reply }) => reply)),
      );
    }
    return keep(valuesOf(criteria, scores), leftOut);
  });
}

/** For each criterion the mean of its scores, and the reasons for them. */
function meansOf(verdicts: readonly Score[][]): Score[] {
  return verdicts[0]!.map((_, at) => {
    const ofOne = verdicts.map((scores) => scores[at]!);
    return {
      score: ofOne.reduce((sum, { score }) => sum + score, 0) / ofOne.length,
      reason: ofOne.map(({ reason }) => reason).join('\n\n'),
    };
  });
}

function valuesOf(criteria: Options['criteria'], scores: readonly Score[]): Record<string, string | number> {
  return Object.fromEntries(
    criteria.flatMap(({ name }, at) => [
      [name, scores[at]!.score],
      [reasonColumn(name), scores[at]!.reason],
    ]),
  );
}
