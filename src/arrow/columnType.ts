/** The column types of which others are made, as they are written in specs and docs. */
export const SCALAR_TYPES = ['string', 'int32', 'int64', 'float64', 'bool'] as const;

/**
 * The column types that have names of their own. Beside them there are lists and structs of any types, as `list<int64>` and
 * `struct<name: string, score: float64>`; typeTree.ts reads them.
 */
export const COLUMN_TYPES = [
  ...SCALAR_TYPES,
  'list<string>',
  'list<float64>',
  'list<bool>',
  'messages',
] as const;

/**
 * The type of a column. A list column holds one list a row; the elements of a list may be null, but for those of `list<string>`.
 * `messages` is a list of `struct<role: string, content: string>`, the form of chats.
 */
export type ColumnType = (typeof COLUMN_TYPES)[number] | `list<${string}>` | `struct<${string}>`;

/** A JavaScript value of a column; null where the column is nullable. */
export type ColumnValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly ColumnValue[]
  | { readonly [field: string]: ColumnValue };

/** One message of a chat; a message that only calls tools has no content. */
export interface MessageCell {
  /** `system`, `user`, `assistant`, or another role. */
  readonly role: string;
  /** The text. */
  readonly content: string | null;
}

/** What JavaScript sees in a cell of a column of each type. */
export interface CellValues {
  string: string;
  int32: number;
  /** All 64 bits: a JavaScript number would round beyond 2^53. */
  int64: bigint;
  float64: number;
  bool: boolean;
  'list<string>': readonly string[];
  'list<float64>': readonly (number | null)[];
  'list<bool>': readonly (boolean | null)[];
  messages: readonly MessageCell[];
  [list: `list<${string}>`]: readonly ColumnValue[];
  [struct: `struct<${string}>`]: { readonly [field: string]: ColumnValue };
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
