import type { ColumnValue } from './columnType.js';

/** A small data file in memory: steps draw rows of it. */
export interface Table {
  /** How many rows it has. */
  rows: number;
  /** The values of each column, one a row; null where the row has none. */
  columns: ReadonlyMap<string, readonly ColumnValue[]>;
  /** A hash of all values: other values draw otherwise. */
  hash: string;
}
