import { z } from 'zod';
import type { Column, ColumnType } from '../arrow/columnType.js';
import { allOfRow } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { AnyColumns, RowIdentity } from '../flow/steps/columnTypes.js';
import { addCounts } from '../flow/rowCounts.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { type LeftOutChoices, drop, keep } from '../flow/steps/outcome.js';
import { samplingOptions } from './lib/completion.js';
import { distinctPicks } from './lib/draws/draw.js';
import {
  ROWWISE,
  type RunContext,
  defineSpec,
  modelOf,
  parseOptions,
  rowSeed,
  rowUniform,
  shapeOf,
} from './lib/operator.js';
import { type Better, PAIR_SCHEMA, pairForm, pairText } from './lib/judging/pairVerdict.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import { markedTexts } from './lib/judging/rubric.js';
import { completeForm, repairsOption } from './lib/structured/replyForm.js';

const columnName = z.string().min(1);

const options = z
  .strictObject({
    model: z.string().describe('A name from `models`: the judge.'),
    columns: z
      .array(columnName)
      .length(2)
      .optional()
      .describe('The two columns of texts that are compared, as [answerOfA, answerOfB].'),
    responses: columnName
      .optional()
      .describe(
        'In place of `columns`: a list column, of which two different texts are drawn by the run’s seed.',
      ),
    question: z
      .array(columnName)
      .default(['question'])
      .describe(
        'Columns of texts that the built-in prompt shows before the two, as the question that both answer.',
      ),
    criteria: z
      .array(z.string().min(1))
      .min(1)
      .default([
        'Correctness: a wrong answer is worse than a right one.',
        'Helpfulness: do what was asked, wholly and clearly.',
      ])
      .describe('What makes one better, the most important first.'),
    prompt: z
      .string()
      .optional()
      .describe(
        'Prompt file, or the text itself, with {{ first }}, {{ second }} and {{ rubric }}, and any columns; the rubric ends with the ' +
          'form of the reply. Built in if absent.',
      ),
    repairsMax: repairsOption.describe(
      'How often a verdict that does not fit its form is asked for again, with what was wrong.',
    ),
    ...samplingOptions({ temperature: 0, topP: 1, tokensMax: 1024 }),
  })
  .superRefine(({ columns, responses }, context) => {
    if ((columns === undefined) === (responses === undefined)) {
      const message = `found ${columns ? 'both' : 'none'} of \`columns\` and \`responses\`, expected one`;
      context.addIssue({ code: 'custom', message });
    }
    if (columns && columns[0] === columns[1])
      context.addIssue({ code: 'custom', path: ['columns'], message: 'expected two different columns' });
  });

type Options = z.output<typeof options>;

/** Options of `judgePair`. */
export interface JudgePairOptions {
  /** A name from `models`: the judge. */
  model: string;
  /** The two columns of texts that are compared, as [answerOfA, answerOfB]. */
  columns?: string[];
  /** In place of `columns`: a list column, of which two different texts are drawn by the run’s seed. */
  responses?: string;
  /**
   * Columns of texts that the built-in prompt shows before the two, as the question that both answer.
   *
   * @default ["question"]
   */
  question?: string[];
  /**
   * What makes one better, the most important first.
   *
   * @default ["Correctness: a wrong answer is worse than a right one.","Helpfulness: do what was asked, wholly and clearly."]
   */
  criteria?: string[];
  /**
   * Prompt file, or the text itself, with {{ first }}, {{ second }} and {{ rubric }}, and any columns; the rubric ends with the form
   * of the reply. Built in if absent.
   */
  prompt?: string;
  /**
   * How often a verdict that does not fit its form is asked for again, with what was wrong.
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

export const judgePairSpec = defineSpec({
  name: 'judgePair',
  summary: 'Has a model say which of two texts is better, in both orders, for preference data.',
  details:
    'Judges favour the text that they read first, or last. So each pair is asked about twice, with the two in either order, and only a ' +
    'verdict that stands in both orders counts. The funnel shows how many rows are lost because the order decided (`orderDecides`): ' +
    'that is the judge’s share of position bias. `chosen` and `rejected` are what DPO takes. Servers that can are held to the JSON ' +
    'Schema of a verdict, and it is checked in any case. What stands in a thought does not count. A ' +
    'reply without a verdict, or with two that differ, rejects the row with ROW_UNCLEAR. The built-in prompt puts each text between ' +
    'marks that it cannot hold.',
  options,
  reads: ({ columns, responses, question, prompt }): Record<string, ColumnType> => ({
    ...Object.fromEntries((prompt === undefined ? question : []).map((name) => [name, 'string' as const])),
    ...Object.fromEntries((columns ?? []).map((name) => [name, 'string' as const])),
    ...(responses === undefined ? {} : { [responses]: 'list<string>' as const }),
  }),
  writes: (): Column[] => [
    { name: 'chosen', type: 'string', help: 'The better text.' },
    { name: 'rejected', type: 'string', help: 'The worse text.' },
    {
      name: 'chosenFrom',
      type: 'string',
      help: 'The column of the better text, or its place in the list, from 0.',
    },
    {
      name: 'preferenceReason',
      type: 'string',
      help: 'The judge’s reason, of the request in which the better text came first.',
    },
  ],
  models: ({ model }) => [{ model, needs: 'complete', at: ['model'] }],
  schemas: ({ model }) => [{ model, schema: PAIR_SCHEMA }],
  prompts: ({ prompt: given }) => [
    {
      name: 'judgePair',
      given,
      own: given === undefined ? ['texts', 'rubric'] : ['first', 'second', 'rubric'],
      at: ['prompt'],
    },
  ],
  drops: {
    tie: 'the judge finds neither better, in both orders',
    orderDecides: 'the judge’s verdict is another one when the two change places',
    noPair: 'the two texts are the same, or the list has fewer than two different ones',
  },
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 2, tokensMax: 96 }
- judgePair: { model: tiny, responses: responses, tokensMax: 64 }`,
  operator: judgePair,
});

/** A text, and where it comes from. */
interface Candidate {
  from: string;
  text: string;
}

/**
 * Has a model say which of two texts is better, in both orders, for preference data.
 *
 * Reads the two columns, or the list, and those of the question; writes `chosen`, `rejected`, `chosenFrom` and `preferenceReason`;
 * drops as `tie`, `orderDecides` or `noPair`.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that lacks one of its variables. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny', n: 2 }, context), judgePair({ model: 'judge', responses: 'responses' }, context));
 */
export function judgePair(
  input: JudgePairOptions,
  context: RunContext,
): BatchOperator<AnyColumns, AnyColumns> {
  const parsed = parseOptions('judgePair', options, input);
  const { model: name, question, temperature, topP, tokensMax } = parsed;
  const [prompt] = compilePrompts(judgePairSpec, parsed, context);
  const shape = shapeOf(judgePairSpec, parsed, context, [prompt!]);
  const rubric = pairText(parsed.criteria);
  const form = pairForm();

  async function ask(
    row: RowIdentity & Record<string, unknown>,
    pair: readonly Candidate[],
    order: number,
  ): Promise<Better & { leftOut: LeftOutChoices | undefined }> {
    const [first, second] = pair.map(({ text }) => text) as [string, string];
    const shown =
      parsed.prompt === undefined ? question.map((column) => [column, row[column] as string] as const) : [];
    const texts = markedTexts([...shown, ['candidate-A', first], ['candidate-B', second]]);
    const message = { kind: 'user', text: prompt!(row, { texts, rubric, first, second }) } as const;
    const seed = rowSeed(context, shape.step, row, order);
    const request = { seq: row.seq, message, n: 1, temperature, topP, tokensMax, seed };
    const { replies, leftOut } = await completeForm(modelOf(context, name), request, form, parsed.repairsMax);
    return { ...replies[0]!.value, leftOut };
  }

  return mapRows(shape, async (row) => {
    const pair = pairOf(parsed, row, (at) => rowUniform(context, `${shape.step} pair`, row, at));
    if (!pair) return drop('noPair');
    const [forth, back] = await allOfRow([ask(row, pair, 0), ask(row, [...pair].reverse(), 1)]);
    const [before, after] = [forth.better, turned(back.better)];
    if (before !== after) return drop('orderDecides', `first ${before}, then ${after}`);
    if (before === 'tie') return drop('tie', '', forth.reason);
    const [chosen, rejected] = before === 'A' ? pair : [pair[1]!, pair[0]!];
    const values = {
      ...{ chosen: chosen!.text, rejected: rejected!.text, chosenFrom: chosen!.from },
      preferenceReason: before === 'A' ? forth.reason : back.reason,
    };
    return keep(values, addedUp(forth.leftOut, back.leftOut));
  });
}

/** Both requests together; each may have been repaired. */
function addedUp(a: LeftOutChoices | undefined, b: LeftOutChoices | undefined): LeftOutChoices | undefined {
  if (!a || !b) return a ?? b;
  const sum = { ...a };
  addCounts(sum, b);
  return sum;
}

/** The same verdict about the two in the other order. */
function turned(better: Better['better']): Better['better'] {
  if (better === 'tie') return better;
  return better === 'A' ? 'B' : 'A';
}

function pairOf(
  { columns, responses }: Options,
  row: Readonly<Record<string, unknown>>,
  uniform: (at: number) => number,
): Candidate[] | null {
  if (columns) {
    const pair = columns.map((from) => ({ from, text: row[from] as string }));
    return pair[0]!.text === pair[1]!.text ? null : pair;
  }
  const all = (row[responses!] as readonly string[]).map((text, at) => ({ from: String(at), text }));
  const different = all.filter(({ text }, at) => all.findIndex((other) => other.text === text) === at);
  return different.length < 2
    ? null
    : distinctPicks(2, different.length, uniform).map((at) => different[at]!);
}
