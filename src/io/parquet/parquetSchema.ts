import { type DataType, type Field, type Schema, Table, tableToIPC } from 'apache-arrow';
import { DataType as Type } from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';
import { ScaleQuestError } from '../../errors.js';

/** The Parquet schema of an Arrow schema of COLUMN_TYPES; lists as the standard's three levels. */
export function parquetSchema(schema: Schema): SchemaElement[] {
  return [{ name: 'root', num_children: schema.fields.length }, ...schema.fields.flatMap(fieldElements)];
}

function fieldElements({ name, type, nullable }: Field): SchemaElement[] {
  return elementsOf(nameOf(name), name, type, nullable);
}

/** The name of a field. Arrow's messages between threads leave an empty one out. */
export function nameOf(name: string | null): string {
  return name ?? '';
}

/** `name` as the schema has it, `path` as messages name it. */
function elementsOf(name: string, path: string, type: DataType, nullable: boolean): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  if (Type.isStruct(type)) {
    const { children } = type;
    return [
      { name, repetition_type, num_children: children.length },
      ...children.flatMap((field) =>
        elementsOf(field.name, `${path}.${field.name}`, field.type, field.nullable),
      ),
    ];
  }
  if (!Type.isList(type)) return [{ name, repetition_type, ...leaf(path, type) }];
  const { type: elementType, nullable: elementNullable } = type.children[0]!;
  return [
    { name, repetition_type, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...elementsOf('element', `${path}[…]`, elementType, elementNullable),
  ];
}

function leaf(name: string, type: DataType): Pick<SchemaElement, 'type' | 'converted_type'> {
  if (Type.isUtf8(type)) return { type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  if (Type.isInt(type) && type.bitWidth === 32 && type.isSigned) return { type: 'INT32' };
  if (Type.isInt(type) && type.bitWidth === 64 && type.isSigned) return { type: 'INT64' };
  if (Type.isFloat(type) && type.precision === 2) return { type: 'DOUBLE' };
  if (Type.isBool(type)) return { type: 'BOOLEAN' };
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `column "${name}" has the Arrow type ${type}, ` +
      'expected Utf8, Int32, Int64, Float64, Bool, or a List or Struct of them',
  );
}

/** For the metadata key `ARROW:schema`: Arrow readers restore types, field names and help from it. */
export function encodeArrowSchema(schema: Schema): string {
  const stream = tableToIPC(new Table(schema), 'stream');
  const headerBytes = new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
  return Buffer.from(stream.buffer, stream.byteOffset, 8 + headerBytes).toString('base64');
}
