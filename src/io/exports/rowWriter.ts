import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { OpenFile } from '../files/files.js';
import { compressZstd } from '../parquet/zstd.js';
import type { FileType } from './fileType.js';
import type { ExportRow } from './format.js';

/** Takes the rows of one file. */
export interface RowWriter {
  write(rows: readonly ExportRow[]): Promise<void>;
  end(): Promise<void>;
}

type Output = Pick<OpenFile, 'write'>;

/** Writes rows of these Parquet columns; JSON needs no columns. */
export function rowWriter(
  fileType: FileType,
  file: Output,
  columns: readonly (readonly SchemaElement[])[],
  zstdLevel: number,
): RowWriter {
  return fileType === 'jsonl' ? jsonlWriter(file) : parquetWriter(file, columns, zstdLevel);
}

function jsonlWriter(file: Output): RowWriter {
  return {
    async write(rows) {
      await file.write(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
    },
    async end() {},
  };
}

function parquetWriter(
  file: Output,
  columns: readonly (readonly SchemaElement[])[],
  zstdLevel: number,
): RowWriter {
  const buffer = new ByteWriter();
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [{ name: 'root', num_children: columns.length }, ...columns.flat()],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => compressZstd(input, zstdLevel) },
    createdBy: 'scalequest',
  });

  async function drain(): Promise<void> {
    await file.write(buffer.getBytes().slice());
    buffer.index = 0;
  }

  return {
    async write(rows) {
      const columnData = columns.map(([element]) => ({
        name: element!.name,
        data: rows.map((row) => row[element!.name]),
      }));
      void writer.write({ columnData, rowGroupSize: rows.length });
      await drain();
    },
    async end() {
      void writer.finish();
      await drain();
    },
  };
}
