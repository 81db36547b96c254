import { type Data, DataType, type RecordBatch } from 'apache-arrow';

/** A column as the Parquet encoder takes it. Texts are views into Arrow's UTF-8 bytes, so that none is decoded. */
export type ParquetColumn = (number | boolean | Uint8Array | ParquetColumn | null)[];

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
  return (row) => values[row] as number;
}

function listAt({ valueOffsets, children }: Data, row: number): ParquetColumn {
  const elements: ParquetColumn = [];
  appendValues(children[0]!, valueOffsets[row]!, valueOffsets[row + 1]!, elements);
  return elements;
}
