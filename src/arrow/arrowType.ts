import { Bool, DataType, Field, Float64, Int32, List, Precision, Utf8 } from 'apache-arrow';
import { COLUMN_TYPES, type Column, type ColumnType } from './columnType.js';

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

/** The column type that an Arrow type stores; null for a type that no column has. Dictionary-encoded text counts as text. */
export function columnTypeOf(type: DataType): ColumnType | null {
  if (DataType.isDictionary(type)) return columnTypeOf(type.dictionary);
  if (DataType.isUtf8(type)) return 'string';
  if (DataType.isInt(type)) return type.bitWidth === 32 && type.isSigned ? 'int32' : null;
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? 'float64' : null;
  if (DataType.isBool(type)) return 'bool';
  if (!DataType.isList(type)) return null;
  const list = `list<${columnTypeOf(type.valueType)}>`;
  return COLUMN_TYPES.find((known) => known === list) ?? null;
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
