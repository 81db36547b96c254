import type { ColumnValue } from '../../../arrow/columnType.js';
import type { Table } from '../../../arrow/table.js';
import { distinctPicks, weightedPick } from './draw.js';

/** What a draw depends on: the values of the row, and its chances. */
export interface DrawFrom {
  /** A value of the row, or one that was drawn for it before. */
  value: (name: string) => ColumnValue;
  /** A number from [0, 1) for the row and that name; `at` counts several of them. */
  uniform: (name: string, at?: number) => number;
}

/** Draws from a table for one row: column → value, or why nothing fits. */
export type DrawRow = (from: DrawFrom) => ReadonlyMap<string, ColumnValue> | string;

/** How a table is drawn from. */
export interface TablePlan {
  path: string;
  /** The column with the chance of each row. */
  weight: string | undefined;
  /** Column of the row → column of the file. */
  taken: readonly (readonly [name: string, column: string])[];
  /** Column of the row → column of the file that must have the same value. */
  where: readonly (readonly [name: string, column: string])[];
  /** So many rows into a list column; null where one row is drawn. */
  examples: { rows: number; as: string } | null;
}

/** Rows of the table that fit the same rows. */
interface Group {
  rows: readonly number[];
  pick: (uniform: number) => number;
}

/** Makes a table ready to be drawn from: in memory linear in its rows, so that a draw takes no look at the others. */
export function indexTable(table: Table, { path, weight, taken, where, examples }: TablePlan): DrawRow {
  const groups = groupsOf(table, where, weight);
  const columns = taken.map(([name, column]) => ({ name, values: table.columns.get(column)! }));
  const stream = examples?.as ?? columns[0]!.name;

  return ({ value, uniform }) => {
    const fitting = groups.get(keyOf(where.map(([name]) => value(name))));
    const wanted = examples?.rows ?? 1;
    const count = fitting?.rows.length ?? 0;
    if (!fitting || count < wanted)
      return `${count} rows of ${path} fit ${described(where, value)}, expected ${wanted} or more`;
    if (examples === null) {
      const row = fitting.rows[fitting.pick(uniform(stream))]!;
      return new Map(columns.map(({ name, values }) => [name, values[row]!]));
    }
    const rows = distinctPicks(wanted, count, (at) => uniform(stream, at)).map((at) => fitting.rows[at]!);
    const list = rows.map((row) =>
      Object.fromEntries(columns.map(({ name, values }) => [name, values[row]!])),
    );
    return new Map([[examples.as, list]]);
  };
}

function described(where: TablePlan['where'], value: DrawFrom['value']): string {
  return where.length === 0 ? 'each row' : where.map(([name]) => `${name} ${textOf(value(name))}`).join(', ');
}

function groupsOf(table: Table, where: TablePlan['where'], weight: string | undefined): Map<string, Group> {
  const conditions = where.map(([, column]) => table.columns.get(column)!);
  const chances = weight === undefined ? null : table.columns.get(weight)!;
  const rowsOf = new Map<string, number[]>();
  for (let row = 0; row < table.rows; row++) {
    const values: ColumnValue[] = conditions.map((column) => column[row]!);
    if (values.includes(null) || chances?.[row] === 0) continue;
    const key = keyOf(values);
    const rows = rowsOf.get(key);
    if (rows) rows.push(row);
    else rowsOf.set(key, [row]);
  }
  return new Map([...rowsOf].map(([key, rows]) => [key, { rows, pick: pickOf(rows, chances) }]));
}

function pickOf(rows: readonly number[], chances: readonly ColumnValue[] | null): Group['pick'] {
  if (chances) return weightedPick(rows.map((row) => chances[row] as number));
  return (uniform) => Math.floor(uniform * rows.length);
}

function keyOf(values: readonly ColumnValue[]): string {
  return JSON.stringify(values.map(textOf));
}

function textOf(value: ColumnValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What of a table is wrong, whatever the rows are, and where in its options that shows. Rows count from 0. */
export function tableFault(
  table: Table,
  { path, weight, rows = 1 }: { path: string; weight?: string | undefined; rows?: number | undefined },
): { message: string; at: readonly string[] } | null {
  if (table.rows < rows)
    return { at: ['path'], message: `found ${table.rows} rows in ${path}, expected at least ${rows}` };
  if (weight === undefined) return null;
  const chances = table.columns.get(weight)!;
  const wrong = chances.findIndex((chance) => chance === null || (chance as number) < 0);
  if (wrong >= 0)
    return {
      at: ['weight'],
      message: `found ${chances[wrong]} in row ${wrong} of ${path}, expected a number from 0 in each`,
    };
  return chances.every((chance) => chance === 0)
    ? { at: ['weight'], message: `found nothing but 0 in ${path}, expected at least one number above it` }
    : null;
}
