import type { ColumnValue } from './columnType.js';

const INHERITED = Object.prototype as unknown as Readonly<Record<string, unknown>>;

/**
 * What a row that users or steps made has in a column; null where it has nothing. Every object inherits a `constructor`, which is
 * no cell of a column of that name. As `cellOf({ question: 'q' }, 'constructor')`, which is null.
 */
export function cellOf(row: Readonly<Record<string, ColumnValue | undefined>>, name: string): ColumnValue {
  const value = row[name];
  return value === undefined || value === INHERITED[name] ? null : value;
}
