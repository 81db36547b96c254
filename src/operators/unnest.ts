import { z } from 'zod';
import { SEQ_INDEX_COLUMN } from '../arrow/columnType.js';
import type { Column, ColumnValue } from '../arrow/columnType.js';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import type { ColumnNamed, ColumnTypes, Row, Values } from '../flow/steps/columnTypes.js';
import { drop, multiply } from '../flow/steps/outcome.js';
import { IMMEDIATE, defineSpec, type RunContext, parseOptions, shapeOf } from './lib/operator.js';

const columnName = z
  .string()
  .min(1)
  .refine(
    (name) => !/^seq(Index)?$/.test(name),
    'seq and seqIndex are the row’s identity, and not to be written',
  );

const options = z
  .strictObject({
    texts: z
      .record(z.string(), columnName)
      .default({ responses: 'response' })
      .describe(
        'List columns of texts to take apart: list column → column of one text, e.g. `responses: response`.',
      ),
    numbers: z
      .record(z.string(), columnName)
      .default({})
      .describe('List columns of numbers to take apart beside them, e.g. `rewards: reward`.'),
  })
  .refine(
    ({ texts, numbers }) => Object.keys(texts).length + Object.keys(numbers).length > 0,
    'expected at least one column in `texts` or `numbers`',
  )
  .refine(
    ({ texts, numbers }) =>
      areDifferent(namesOf(texts, numbers)) && areDifferent([...Object.keys(texts), ...Object.keys(numbers)]),
    'expected every list once, with a column of its own',
  );

function areDifferent(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

function namesOf(...maps: readonly Record<string, string>[]): string[] {
  return maps.flatMap((map) => Object.values(map));
}

/** Options of `unnest`. */
export interface UnnestOptions<
  Texts extends Record<string, string> = Record<string, string>,
  Numbers extends Record<string, string> = Record<string, string>,
> {
  /**
   * List columns of texts to take apart: list column → column of one text, e.g. `responses: response`.
   *
   * @default {"responses":"response"}
   */
  texts?: Texts;
  /**
   * List columns of numbers to take apart beside them, e.g. `rewards: reward`.
   *
   * @default {}
   */
  numbers?: Numbers;
}

/** The lists that are taken apart. */
export type ListsRead<Texts extends Names, Numbers extends Names> = ColumnNamed<
  keyof Texts & string,
  readonly string[]
> &
  ColumnNamed<keyof Numbers & string, readonly (number | null)[]>;

/** A column for the items of each. */
export type ItemsWritten<Texts extends Names, Numbers extends Names> = ColumnNamed<
  Texts[keyof Texts],
  string
> &
  ColumnNamed<Numbers[keyof Numbers], number | null> & { readonly seqIndex: number };

type Names = Readonly<Record<string, string>>;

export const unnestSpec = defineSpec({
  name: 'unnest',
  summary: 'Makes a row of every item of a list: of every response, say, with its reward.',
  details:
    'Use it for sets that keep several answers to a question, as DART-Math does, and before steps that ' +
    'look at one response at a time. Lists that are taken apart together must be of one length. The rows ' +
    'of a question stay together and are numbered by `seqIndex`. Each of them counts towards `target`.',
  options,
  reads: ({ texts, numbers }): ColumnTypes => ({
    ...Object.fromEntries(Object.keys(texts).map((name) => [name, 'list<string>' as const])),
    ...Object.fromEntries(Object.keys(numbers).map((name) => [name, 'list<float64>' as const])),
  }),
  writes: ({ texts, numbers }): Column[] => [
    ...Object.entries(texts).map(([list, name]): Column => ({
      name,
      type: 'string',
      help: `An item of ${list}.`,
    })),
    ...Object.entries(numbers).map(([list, name]): Column => ({
      name,
      type: 'float64',
      help: `An item of ${list}.`,
      nullable: true,
    })),
    SEQ_INDEX_COLUMN,
  ],
  models: () => [],
  drops: { empty: 'the lists have no item' },
  contract: IMMEDIATE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 160 }
- unnest: { texts: { responses: response } }`,
  operator: unnest,
});

/**
 * Makes a row of every item of a list: of every response, say, with its reward.
 *
 * Reads the lists that `texts` and `numbers` name and writes a column for the items of each, and `seqIndex`; drops as
 * `empty`.
 * A row whose lists differ in length is rejected with ROW_LISTS_DIFFER.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), unnest({ texts: { responses: 'response' } }, context));
 */
export function unnest<
  const Texts extends Record<string, string> = { responses: 'response' },
  const Numbers extends Record<string, string> = Record<never, string>,
>(
  input: UnnestOptions<Texts, Numbers>,
  context: RunContext,
): BatchOperator<ListsRead<Texts, Numbers>, ItemsWritten<Texts, Numbers>> {
  const parsed = parseOptions('unnest', options, input);
  const lists = Object.entries({ ...parsed.texts, ...parsed.numbers });
  const shape = shapeOf(unnestSpec, parsed, context);

  return mapRows(shape, (row) => {
    const length = commonLength(row, lists);
    if (length === 0) return drop('empty');
    return multiply(Array.from({ length }, (_, at) => itemsAt(row, lists, at)));
  });
}

function itemsAt(row: Row, lists: readonly [list: string, name: string][], at: number): Values {
  return Object.fromEntries(lists.map(([list, name]) => [name, itemsOf(row, list)[at]!]));
}

function commonLength(row: Row, lists: readonly [list: string, name: string][]): number {
  const lengths = lists.map(([list]) => itemsOf(row, list).length);
  if (lengths.every((length) => length === lengths[0])) return lengths[0]!;
  const found = lists.map(([list], at) => `${lengths[at]} in ${list}`).join(', ');
  throw new RowError('ROW_LISTS_DIFFER', `found ${found}, expected lists of one length`);
}

function itemsOf(row: Row, list: string): readonly ColumnValue[] {
  return row[list] as readonly ColumnValue[];
}
