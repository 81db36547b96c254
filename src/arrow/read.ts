import { type Data, DataType, type RecordBatch, type Struct } from 'apache-arrow';
import { ScaleQuestError } from '../errors.js';
import type { ColumnValue } from './columnType.js';

export function hasColumn(rows: RecordBatch, name: string): boolean {
  return rows.schema.fields.some((field) => field.name === name);
}

/** The Arrow data of a column. Throws ERR_INVARIANT if there is none of that name. */
export function columnData(rows: RecordBatch, name: string): Data {
  const at = rows.schema.fields.findIndex((field) => field.name === name);
  const data = rows.data.children[at];
  if (data) return data;
  const names = rows.schema.fields.map((field) => field.name).join(', ');
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `the batch has no column "${name}", found: ${names || '(none)'}. ` +
      'A step must declare every column that it reads.',
  );
}

/**
 * All values of a column, one a row; null where the row has none. Dictionary-encoded text comes as strings.
 * Throws ERR_INVARIANT for a type that is not among COLUMN_TYPES.
 */
export function columnValues(rows: RecordBatch, name: string): ColumnValue[] {
  return decodeData(columnData(rows, name), name);
}

function decodeData(data: Data, name: string): ColumnValue[] {
  const values = decodeStored(data, name);
  if (data.nullCount === 0) return values;
  for (let row = 0; row < values.length; row++) if (!data.getValid(row)) values[row] = null;
  return values;
}

/**
 * What the buffers hold, whatever stands under a null. Slices: `offset` counts for bits only, see Data.slice.
 */
function decodeStored(data: Data, name: string): ColumnValue[] {
  const { type, length } = data;
  if (DataType.isUtf8(type)) return decodeText(data);
  if (DataType.isInt(type) && type.bitWidth === 32 && type.isSigned) return numbers(data);
  if (DataType.isInt(type) && type.bitWidth === 64 && type.isSigned) return integers(data);
  if (DataType.isFloat(type) && type.precision === 2) return numbers(data);
  if (DataType.isBool(type)) return Array.from({ length }, (_, row) => bitAt(data.values, data.offset + row));
  if (DataType.isList(type)) return decodeLists(data, name);
  if (DataType.isStruct(type)) return decodeStructs(data, name);
  if (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary)) return decodeDictionary(data);
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `column "${name}" has the Arrow type ${type}, expected one that this framework writes ` +
      '(Utf8, Int32, Int64, Float64, Bool, a List or a Struct of them)',
  );
}

function numbers({ values, length }: Data): number[] {
  return Array.from((values as Int32Array | Float64Array).subarray(0, length));
}

function decodeText({ values, valueOffsets, length }: Data): string[] {
  const texts = new Array<string>(length);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  for (let row = 0; row < length; row++) {
    texts[row] = bytes.toString('utf8', valueOffsets[row]!, valueOffsets[row + 1]!);
  }
  return texts;
}

function decodeLists({ valueOffsets, length, children }: Data, name: string): ColumnValue[] {
  const from = length === 0 ? 0 : valueOffsets[0]!;
  const to = length === 0 ? 0 : valueOffsets[length]!;
  const elements = decodeData(children[0]!.slice(from, to - from), `${name}[…]`);
  return Array.from({ length }, (_, row) =>
    elements.slice(valueOffsets[row]! - from, valueOffsets[row + 1]! - from),
  );
}

function decodeStructs({ type, length, children }: Data, name: string): ColumnValue[] {
  const fields = (type as Struct).children.map(
    (field, at) => [field.name, decodeData(children[at]!, `${name}.${field.name}`)] as const,
  );
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(fields.map(([field, values]) => [field, values[row]!])),
  );
}

function integers({ values, length }: Data): bigint[] {
  return Array.from((values as BigInt64Array).subarray(0, length));
}

function decodeDictionary({ values, length, dictionary }: Data): ColumnValue[] {
  const words = (dictionary?.toArray() ?? []) as unknown as ArrayLike<string | null>;
  return Array.from({ length }, (_, row) => words[Number(values[row])] ?? null);
}

function bitAt(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
}
