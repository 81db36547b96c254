import { z } from 'zod';
import { SEQ_INDEX_COLUMN } from '../arrow/columns.js';
import type { Column, ColumnValue } from '../arrow/columnType.js';
import { RowError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/mapRows.js';
import { type Row, type Values, drop, multiply } from '../flow/outcome.js';
import { IMMEDIATE, type OperatorSpec, type RunContext, shapeOf } from './lib/operator.js';

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

export type UnnestOptions = z.input<typeof options>;

export const unnestSpec: OperatorSpec<typeof options> = {
  name: 'unnest',
  summary: 'Makes a row of every item of a list: of every response, say, with its reward.',
  details:
    'For sets that keep several answers a question, as DART-Math does, and for steps that look at one response at a time. ' +
    'Lists taken apart together must be of one length. The rows of a question stay together, numbered by `seqIndex`; ' +
    'they count one by one towards `target`.',
  options,
  reads: ({ texts, numbers }) => ({
    ...Object.fromEntries(Object.keys(texts).map((name) => [name, 'list<string>' as const])),
    ...Object.fromEntries(Object.keys(numbers).map((name) => [name, 'list<float64>' as const])),
  }),
  writes: ({ texts, numbers }) => [
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
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 160 }
- unnest: { texts: { responses: response } }`,
  operator: unnest,
};

export function unnest(input: UnnestOptions, context: RunContext): BatchOperator {
  const parsed = options.parse(input);
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
