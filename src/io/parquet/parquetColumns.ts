import { type Data, DataType, type Field, type RecordBatch } from 'apache-arrow';

/** A column as the Parquet encoder takes it. Texts are views into Arrow's UTF-8 bytes, so that none is decoded. */
export type ParquetColumn = (number | bigint | boolean | Uint8Array | ParquetColumn | ParquetRecord | null)[];

/** A struct as the Parquet encoder takes it. */
export interface ParquetRecord {
  [field: string]: ParquetColumn[number];
}

/** The values of column `at` of all pieces, one after the other. */
export function parquetColumn(pieces: readonly RecordBatch[], at: number): ParquetColumn {
  const column: ParquetColumn = [];
  for (const rows of pieces) appendValues(rows.data.children[at]!, 0, rows.numRows, column);
  return column;
}

function appendValues(data: Data, from: number, to: number, into: ParquetColumn): void {
  const { type } = data;
  const value = valueReader(data, type);
  const nulls = data.nullCount > 0;
  for (let row = from; row < to; row++) into.push(nulls && !data.getValid(row) ? null : value(row));
}

function valueReader(data: Data, type: DataType): (row: number) => ParquetColumn[number] {
  const { values, valueOffsets, offset } = data;
  if (DataType.isUtf8(type)) return (row) => values.subarray(valueOffsets[row]!, valueOffsets[row + 1]!);
  if (DataType.isBool(type))
    return (row) => ((values[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) === 1;
  if (DataType.isList(type)) return (row) => listAt(data, row);
  if (DataType.isStruct(type)) return recordReader(data, type.children);
  return (row) => values[row] as number | bigint;
}

function recordReader({ children }: Data, fields: readonly Field[]): (row: number) => ParquetRecord {
  const readers = fields.map(({ name, type }, at) => {
    const child = children[at]!;
    const value = valueReader(child, type);
    return [
      name,
      (row: number) => (child.nullCount > 0 && !child.getValid(row) ? null : value(row)),
    ] as const;
  });
  return (row) => Object.fromEntries(readers.map(([name, value]) => [name, value(row)]));
}

function listAt({ valueOffsets, children }: Data, row: number): ParquetColumn {
  const elements: ParquetColumn = [];
  appendValues(children[0]!, valueOffsets[row]!, valueOffsets[row + 1]!, elements);
  return elements;
}
