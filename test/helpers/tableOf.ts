import type { ColumnValue } from '../../src/arrow/columnType.js';
import type { Table } from '../../src/arrow/table.js';

/** A table of these columns, as `readTable` gives it. */
export function tableOf(columns: Readonly<Record<string, readonly ColumnValue[]>>): Table {
  const [first] = Object.values(columns);
  return { rows: first!.length, columns: new Map(Object.entries(columns)), hash: 'of these columns' };
}
