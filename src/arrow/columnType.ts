import { Bool, type DataType, Field, Float64, Int32, List, Utf8 } from 'apache-arrow';

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
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** A JavaScript value of a column; null where the column is nullable. */
export type ColumnValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** A column that a step writes. */
export interface Column {
  name: string;
  type: ColumnType;
  /** One line for docs and for the field's metadata in Parquet. */
  help: string;
  nullable?: boolean;
}

const ARROW_TYPES: Record<ColumnType, DataType> = {
  string: new Utf8(),
  int32: new Int32(),
  float64: new Float64(),
  bool: new Bool(),
  'list<string>': new List(new Field('element', new Utf8(), false)),
  'list<float64>': new List(new Field('element', new Float64(), true)),
  'list<bool>': new List(new Field('element', new Bool(), true)),
};

export function arrowType(type: ColumnType): DataType {
  return ARROW_TYPES[type];
}

/** The field of a column; made once, since every batch of a run has the same. */
export function arrowField(column: Column): Field {
  const made = fields.get(column);
  if (made) return made;
  const { name, type, help, nullable = false } = column;
  const field = new Field(name, arrowType(type), nullable, new Map([['help', help]]));
  fields.set(column, field);
  return field;
}

const fields = new WeakMap<Column, Field>();
