/** The column types that steps may declare, as they are written in specs and docs. */
export const COLUMN_TYPES = [
  'string',
  'int32',
  'float64',
  'bool',
  'list<string>',
  'list<float64>',
  'list<bool>',
] as const;
/** The type of a column. A list column holds one list a row; the elements of `list<float64>` and `list<bool>` may be null. */
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** A JavaScript value of a column; null where the column is nullable. */
export type ColumnValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** What JavaScript sees in a cell of a column of each type. */
export interface CellValues {
  string: string;
  int32: number;
  float64: number;
  bool: boolean;
  'list<string>': readonly string[];
  'list<float64>': readonly (number | null)[];
  'list<bool>': readonly (boolean | null)[];
}

/** A column that a step writes. */
export interface Column {
  /** How later steps, Parquet files and exports call it. */
  name: string;
  /** What its cells hold. */
  type: ColumnType;
  /** One line for docs and for the field's metadata in Parquet. */
  help: string;
  /** Whether rows may have no value (null) in it; `false` if absent. */
  nullable?: boolean;
}

/** The column that every row has. */
export const SEQ_COLUMN = {
  name: 'seq',
  type: 'int32',
  help: 'Position of the row in the source.',
} as const satisfies Column;

/** Written by steps that make several rows of one. */
export const SEQ_INDEX_COLUMN = {
  name: 'seqIndex',
  type: 'int32',
  help: 'Number of the row among those made of one source row, from 0; with `seq` its identity.',
} as const satisfies Column;
