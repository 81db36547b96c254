import { z } from 'zod';
import type { Column, ColumnType, ColumnValue } from '../arrow/columnType.js';
import { columnTypeSchema } from '../arrow/columnTypeSchema.js';
import type { Table } from '../arrow/table.js';
import { isColumnType } from '../arrow/typeTree.js';
import { ScaleQuestError } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { AnyColumns } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { boundedNormal, weightedPick } from './lib/draws/draw.js';
import {
  IMMEDIATE,
  type RunContext,
  type TableNeed,
  defineSpec,
  parseOptions,
  rowUniform,
  shapeOf,
} from './lib/operator.js';
import { type DrawFrom, type DrawRow, indexTable, tableFault } from './lib/draws/tableDraw.js';

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

const columnName = z
  .string()
  .min(1)
  .refine(
    (name) => !/^(seq(Index)?|__proto__)$/.test(name),
    'seq and seqIndex are the row’s identity, and not to be written',
  );
const item = z.union([z.string(), z.number(), z.boolean()]);
const items = z
  .array(item)
  .min(1)
  .refine(
    (all) => typeOfItems(all) !== null,
    'expected items of one kind: texts, numbers, or true and false',
  );
const int32 = z.int().min(INT32_MIN).max(INT32_MAX);

const drawFields = z.strictObject({
  list: items.optional().describe('One of these values: texts, numbers, or true and false.'),
  weights: z
    .array(z.number().min(0))
    .optional()
    .describe('The chance of each value of `list`, against the others; equal if absent.'),
  integers: z
    .tuple([int32, int32])
    .optional()
    .describe('A whole number from the first to the second, both included.'),
  numbers: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe('A number from the first to below the second.'),
  normal: z
    .strictObject({
      mean: z.number().describe('Its mean.'),
      deviation: z.number().gt(0).describe('Its standard deviation.'),
      min: z.number().optional().describe('What is below is drawn again.'),
      max: z.number().optional().describe('What is above is drawn again.'),
    })
    .refine(({ min = -Infinity, max = Infinity }) => min <= max, {
      path: ['min'],
      message: 'expected min to be at most max',
    })
    .optional()
    .describe('A number of a normal distribution.'),
  decimals: z
    .int()
    .min(0)
    .max(15)
    .optional()
    .describe('Round what `numbers` or `normal` draws to so many decimals; not rounded if absent.'),
  byColumn: z
    .string()
    .optional()
    .describe(
      'The column of texts whose value says from which of `lists` is drawn: an earlier one of the row or of this step.',
    ),
  lists: z
    .record(z.string(), items)
    .optional()
    .describe('With `byColumn`: its value → the values to draw from.'),
});

const draw = drawFields
  .superRefine(checkDraw)
  .describe('Exactly one of `list`, `integers`, `numbers`, `normal` and `byColumn`.');

const tableDraw = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .describe(
        'A file of rows in a format that `source` reads, or a folder of such files; relative to the pipeline file.',
      ),
    columns: z
      .record(columnName, columnTypeSchema())
      .refine((columns) => Object.keys(columns).length > 0, 'expected at least one column')
      .describe('The columns that are taken of the row that is drawn, with their types.'),
    from: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        'Names of columns in the file, where they are others: { persona: text } takes `text` as `persona`.',
      ),
    where: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        'Draws only among the rows of the file that fit the row: column of the row → column of the file that must have the same value.',
      ),
    weight: z
      .string()
      .optional()
      .describe(
        'A column of numbers in the file: the chance of each of its rows, against the others; equal if absent.',
      ),
    n: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Draw so many different rows into one list column, as few-shot examples; needs `as`.'),
    as: columnName
      .optional()
      .describe('With `n`: the list column. Its items have the taken columns as fields.'),
  })
  .superRefine(checkTableDraw);

const options = z
  .strictObject({
    columns: z
      .record(columnName, draw)
      .default({})
      .describe(
        'Column → how its value is drawn: from a list, a range, or a list that another column chooses.',
      ),
    tables: z
      .array(tableDraw)
      .default([])
      .describe('Files of which a row is drawn, such as personas or seeds.'),
    memoryMiB: z
      .int()
      .min(1)
      .default(256)
      .describe(
        'The most memory that the columns of one table may take, a text at two bytes a character. Decides no row.',
      ),
  })
  .superRefine(checkNames);

type Options = z.output<typeof options>;
type Draw = z.output<typeof drawFields>;
type TableDraw = z.output<typeof tableDraw>;

/** Options of `sample`. */
export interface SampleOptions {
  /**
   * Column → how its value is drawn: from a list, a range, or a list that another column chooses.
   *
   * @default {}
   */
  columns?: Record<string, SampledColumnOptions>;
  /**
   * Files of which a row is drawn, such as personas or seeds.
   *
   * @default []
   */
  tables?: SampledTableOptions[];
  /**
   * The most memory that the columns of one table may take, a text at two bytes a character. Decides no row.
   *
   * @default 256
   */
  memoryMiB?: number;
}

/** How the value of a column is drawn: exactly one of `list`, `integers`, `numbers`, `normal` and `byColumn`. */
export interface SampledColumnOptions {
  /** One of these values: texts, numbers, or true and false. */
  list?: (string | number | boolean)[];
  /** The chance of each value of `list`, against the others; equal if absent. */
  weights?: number[];
  /** A whole number from the first to the second, both included. */
  integers?: [number, number];
  /** A number from the first to below the second. */
  numbers?: [number, number];
  /** A number of a normal distribution. */
  normal?: SampledNormalOptions;
  /** Round what `numbers` or `normal` draws to so many decimals; not rounded if absent. */
  decimals?: number;
  /** The column of texts whose value says from which of `lists` is drawn: an earlier one of the row or of this step. */
  byColumn?: string;
  /** With `byColumn`: its value → the values to draw from. */
  lists?: Record<string, (string | number | boolean)[]>;
}

/** A normal distribution. */
export interface SampledNormalOptions {
  /** Its mean. */
  mean: number;
  /** Its standard deviation. */
  deviation: number;
  /** What is below is drawn again. */
  min?: number;
  /** What is above is drawn again. */
  max?: number;
}

/** A file of which a row is drawn, and what is taken of it. */
export interface SampledTableOptions {
  /** A file of rows in a format that `source` reads, or a folder of such files; relative to the pipeline file. */
  path: string;
  /** The columns that are taken of the row that is drawn, with their types. */
  columns: Record<string, ColumnType>;
  /**
   * Names of columns in the file, where they are others: { persona: text } takes `text` as `persona`.
   *
   * @default {}
   */
  from?: Record<string, string>;
  /**
   * Draws only among the rows of the file that fit the row: column of the row → column of the file that must have the same value.
   *
   * @default {}
   */
  where?: Record<string, string>;
  /** A column of numbers in the file: the chance of each of its rows, against the others; equal if absent. */
  weight?: string;
  /** Draw so many different rows into one list column, as few-shot examples; needs `as`. */
  n?: number;
  /** With `n`: the list column. Its items have the taken columns as fields. */
  as?: string;
}

export const sampleSpec = defineSpec({
  name: 'sample',
  summary: 'Draws columns for each row: from lists with weights, ranges, and rows of a table.',
  details:
    'Topics, levels, personas and few-shot examples for later prompts. With a `limit` and no `source`, the rows come from this step ' +
    'alone. The run’s seed and the row decide each draw, so a column keeps its values when another one is added, and a repeated run ' +
    'draws the same. Columns are drawn in their order, then the tables; a later one may depend on an earlier one, by `byColumn` or ' +
    '`where`. A table is read once, at the start, and its values are part of the run’s identity. `sampleDifficulty` draws nothing ' +
    'into a row: it drops rows.',
  options,
  reads: columnsRead,
  writes: columnsWritten,
  models: () => [],
  tables: ({ tables, columns, memoryMiB }) =>
    tables.map((table, at) => tableNeed(table, at, columns, memoryMiB)),
  memoryMiB: () => 0,
  drops: {
    noMatch: 'no list of `lists`, or too few rows of a table, belong to the values of the row',
  },
  contract: { ...IMMEDIATE, holdsAtMost: 'one batch, and its tables (`memoryMiB` each)' },
  isRowwise: true,
  example: `- sample:
    columns:
      level: { list: [easy, hard], weights: [3, 1] }
      topic: { byColumn: level, lists: { easy: [shopping, sharing], hard: [speed, interest] } }
      age: { integers: [7, 12] }
    tables: [{ path: ../models/heldout.jsonl, columns: { question: string }, n: 2, as: examples }]`,
  operator: sample,
});

/**
 * Draws columns for each row: from lists with weights, ranges, and rows of a table.
 *
 * Reads the columns that `byColumn` and `where` name, and writes those that it draws; drops as `noMatch`. The tables come from
 * `context.table`; without it the stream ends with ERR_PIPELINE_INVALID.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it.
 * @example
 * source.pipe(sample({ columns: { level: { list: ['easy', 'hard'], weights: [3, 1] } } }, context));
 */
export function sample(input: SampleOptions, context: RunContext): BatchOperator<AnyColumns, AnyColumns> {
  const parsed = parseOptions('sample', options, input);
  const shape = shapeOf(sampleSpec, parsed, context);
  const drawn = Object.entries(parsed.columns).map(([name, how]) => ({ name, draw: drawerOf(how) }));
  /** Read at the first row: `check` builds the operator without tables. */
  let tables: DrawRow[] | null = null;

  return mapRows(shape, (row) => {
    tables ??= parsed.tables.map((table) => rowTable(table, parsed.columns, context));
    const values = new Map<string, ColumnValue>();
    const from: DrawFrom = {
      value: (name) => values.get(name) ?? row[name]!,
      uniform: (name, at = 0) => rowUniform(context, `${shape.step} ${name}`, row, at),
    };
    for (const { name, draw: drawOne } of drawn) {
      const value = drawOne(name, from);
      if (value === undefined) return drop('noMatch', noList(parsed.columns[name]!, from));
      values.set(name, value);
    }
    for (const table of tables) {
      const taken = table(from);
      if (typeof taken === 'string') return drop('noMatch', taken);
      for (const [name, value] of taken) values.set(name, value);
    }
    return keep(Object.fromEntries(values));
  });
}

function noList({ byColumn }: Draw, { value }: DrawFrom): string {
  return `no list for ${byColumn} ${JSON.stringify(String(value(byColumn!)))}`;
}

type Drawer = (name: string, from: DrawFrom) => ColumnValue | undefined;

/** Draws the value of a column; undefined where no list belongs to the row. */
function drawerOf({
  list,
  weights,
  integers,
  numbers,
  normal,
  decimals,
  byColumn,
  lists = {},
}: Draw): Drawer {
  const rounded = (value: number): number =>
    decimals === undefined ? value : Number(value.toFixed(decimals));
  if (list) {
    const pick = weightedPick(weights ?? list.map(() => 1));
    return (name, { uniform }) => list[pick(uniform(name))]!;
  }
  if (integers) {
    const [min, max] = integers;
    return (name, { uniform }) => min + Math.floor(uniform(name) * (max - min + 1));
  }
  if (numbers) {
    const [min, max] = numbers;
    return (name, { uniform }) => rounded(min + uniform(name) * (max - min));
  }
  if (normal) return (name, { uniform }) => rounded(boundedNormal(normal, (at) => uniform(name, at)));
  const byValue = new Map(Object.entries(lists));
  return (name, { uniform, value }) => {
    const found = byValue.get(String(value(byColumn!)));
    return found && found[Math.floor(uniform(name) * found.length)]!;
  };
}

function rowTable(table: TableDraw, columns: Options['columns'], context: RunContext): DrawRow {
  if (!context.table) {
    throw new ScaleQuestError(
      'ERR_PIPELINE_INVALID',
      'sample was given no tables; expected `table` in its context, with what readTable gives',
    );
  }
  const { path, from, where, weight, n, as } = table;
  const names = Object.keys(table.columns);
  return indexTable(context.table(path, Object.fromEntries(fileColumns(table, columns))), {
    path,
    weight,
    taken: names.map((name) => [name, nameInFile(name, from)]),
    where: Object.entries(where),
    examples: n === undefined ? null : { rows: n, as: as! },
  });
}

function tableNeed(table: TableDraw, at: number, columns: Options['columns'], memoryMiB: number): TableNeed {
  const { path, from, where, weight } = table;
  const inFile = new Map(
    Object.keys(table.columns).map((name) => [nameInFile(name, from), ['columns', name]]),
  );
  for (const [name, column] of Object.entries(where))
    if (!inFile.has(column)) inFile.set(column, ['where', name]);
  if (weight !== undefined && !inFile.has(weight)) inFile.set(weight, ['weight']);
  return {
    path,
    columns: Object.fromEntries(fileColumns(table, columns)),
    memoryMiB,
    at: ['tables', at],
    placeOf: (column) => inFile.get(String(column)) ?? ['path'],
    fault: (read: Table) => tableFault(read, { path, weight, rows: table.n }),
  };
}

/** Every column of the file that is read, with its type. */
function fileColumns(
  { columns: taken, from, where, weight }: TableDraw,
  columns: Options['columns'],
): Map<string, ColumnType> {
  const types = new Map<string, ColumnType>();
  for (const [name, column] of Object.entries(where)) {
    const how = Object.hasOwn(columns, name) ? columns[name] : undefined;
    types.set(column, how ? typeOf(how) : 'string');
  }
  for (const [name, type] of Object.entries(taken)) types.set(nameInFile(name, from), type);
  if (weight !== undefined) types.set(weight, 'float64');
  return types;
}

function nameInFile(name: string, from: Readonly<Record<string, string>>): string {
  return Object.hasOwn(from, name) ? from[name]! : name;
}

/** What is drawn here need not be there before. */
function columnsRead({ columns, tables }: Options): Record<string, ColumnType> {
  const reads: Record<string, ColumnType> = {};
  const known = new Set(Object.keys(columns));
  for (const { byColumn } of Object.values(columns))
    if (byColumn !== undefined && !known.has(byColumn)) reads[byColumn] = 'string';
  for (const table of tables) {
    const types = fileColumns(table, columns);
    for (const [name, column] of Object.entries(table.where))
      if (!known.has(name)) reads[name] = types.get(column)!;
    for (const { name } of columnsOfTable(table)) known.add(name);
  }
  return reads;
}

function columnsWritten({ columns, tables }: Options): Column[] {
  const drawn = Object.entries(columns).map(([name, how]): Column => ({
    name,
    type: typeOf(how),
    help: 'Drawn for the row.',
  }));
  return [...drawn, ...tables.flatMap(columnsOfTable)];
}

function columnsOfTable({ path, columns, n, as }: TableDraw): Column[] {
  if (n === undefined) {
    return Object.entries(columns).map(([name, type]): Column => ({
      name,
      type,
      help: `From a row of ${path}.`,
      nullable: true,
    }));
  }
  return [{ name: as!, type: examplesType(columns), help: `Rows that were drawn from ${path}.` }];
}

function examplesType(columns: Readonly<Record<string, ColumnType>>): ColumnType {
  const fields = Object.entries(columns).map(([name, type]) => `${name}: ${type}`);
  return `list<struct<${fields.join(', ')}>>`;
}

function typeOf({ list, integers, lists = {} }: Draw): ColumnType {
  if (integers) return 'int32';
  const all = list ?? Object.values(lists).flat();
  return all.length === 0 ? 'float64' : typeOfItems(all)!;
}

/** Null for values of more than one kind. */
function typeOfItems(all: readonly (string | number | boolean)[]): ColumnType | null {
  const kinds = new Set(all.map((value) => typeof value));
  if (kinds.size > 1) return null;
  if (kinds.has('string')) return 'string';
  if (kinds.has('boolean')) return 'bool';
  const isInt32 = all.every((value) => int32.safeParse(value).success);
  return isInt32 ? 'int32' : 'float64';
}

type Issue = (path: (string | number)[], message: string) => void;

function issuesOf(context: z.RefinementCtx): Issue {
  return (path, message) => context.addIssue({ code: 'custom', path, message });
}

const KINDS = ['list', 'integers', 'numbers', 'normal', 'byColumn'] as const;

function checkDraw(how: Draw, context: z.RefinementCtx): void {
  const issue = issuesOf(context);
  const { list, weights, integers, numbers, decimals, byColumn, lists } = how;
  const kinds = KINDS.filter((kind) => how[kind] !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'none' : kinds.join(' and ');
    return issue([], `found ${found}, expected exactly one of ${KINDS.join(', ')}`);
  }
  if (weights && !list) issue(['weights'], 'expected no weights without `list`');
  if (weights && list && weights.length !== list.length)
    issue(
      ['weights'],
      `found ${weights.length} weights for a list of ${list.length}, expected one for each value`,
    );
  if (weights && weights.every((weight) => weight === 0))
    issue(['weights'], 'found nothing but 0, expected at least one weight above it');
  if (integers && integers[0] > integers[1]) issue(['integers'], 'expected the smaller number first');
  if (numbers && numbers[0] >= numbers[1])
    issue(['numbers'], 'expected the smaller number first, and a larger second');
  if (decimals !== undefined && !numbers && !how.normal)
    issue(['decimals'], 'expected no decimals without `numbers` or `normal`');
  if ((byColumn === undefined) !== (lists === undefined))
    issue([byColumn === undefined ? 'lists' : 'byColumn'], 'expected `byColumn` and `lists` together');
  if (lists && Object.keys(lists).length === 0) issue(['lists'], 'expected at least one list');
  else if (lists && typeOfItems(Object.values(lists).flat()) === null)
    issue(['lists'], 'expected items of one kind in all lists: texts, numbers, or true and false');
}

function checkTableDraw(table: TableDraw, context: z.RefinementCtx): void {
  const issue = issuesOf(context);
  const { columns, from, weight, n, as } = table;
  for (const name of Object.keys(from))
    if (!Object.hasOwn(columns, name))
      issue(['from', name], `expected one of the columns that are taken: ${Object.keys(columns).join(', ')}`);
  const read = Object.keys(columns).map((name) => nameInFile(name, from));
  if (new Set(read).size < read.length)
    issue(['from'], `expected each column of the file once, found ${read.join(', ')}`);
  if ((n === undefined) !== (as === undefined))
    issue([n === undefined ? 'as' : 'n'], 'expected `n` and `as` together');
  if (n !== undefined && weight !== undefined) issue(['weight'], 'expected no weight with `n`');
  if (n !== undefined && !isColumnType(examplesType(columns)))
    issue(['columns'], 'expected names without < > , : for the fields of a list');
  if (weight === undefined) return;
  const weighted = Object.keys(columns).find((name) => nameInFile(name, from) === weight);
  if (weighted !== undefined && columns[weighted] !== 'float64')
    issue(['weight'], `the column is read as ${columns[weighted]}, expected float64`);
}

/** Each column is drawn once, and from what is known by then. */
function checkNames({ columns, tables }: Options, context: z.RefinementCtx): void {
  const issue = issuesOf(context);
  if (Object.keys(columns).length + tables.length === 0)
    return issue([], 'expected at least one column in `columns`, or a table in `tables`');
  const ofTables = tables.flatMap(columnsOfTable).map(({ name }) => name);
  const later = new Set([...Object.keys(columns), ...ofTables]);
  for (const [name, how] of Object.entries(columns)) {
    const { byColumn, lists = {} } = how;
    if (byColumn !== undefined && later.has(byColumn))
      issue(['columns', name, 'byColumn'], `${byColumn} is drawn after ${name} in this step; draw it before`);
    const values =
      byColumn !== undefined && Object.hasOwn(columns, byColumn) ? columns[byColumn]!.list : undefined;
    const without = values?.find((value) => !Object.hasOwn(lists, String(value)));
    if (without !== undefined)
      issue(
        ['columns', name, 'lists'],
        `found no list for ${JSON.stringify(without)}, which ${byColumn} may have`,
      );
    later.delete(name);
  }
  const seen = new Set(Object.keys(columns));
  for (const [at, table] of tables.entries()) {
    for (const name of Object.keys(table.where))
      if (later.has(name))
        issue(['tables', at, 'where', name], `${name} is drawn after it in this step; draw it before`);
    for (const { name } of columnsOfTable(table)) {
      const place = table.as === name ? ['as'] : ['columns', name];
      if (seen.has(name))
        issue(['tables', at, ...place], `${name} is drawn before it in this step; draw it once`);
      seen.add(name);
      later.delete(name);
    }
  }
}
