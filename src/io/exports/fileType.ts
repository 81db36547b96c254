import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { z } from 'zod';
import type { OpenFile } from '../files/files.js';
import { compressZstd } from '../parquet/zstd.js';
import type { ExportRow } from './format.js';

/** The files that an export may be written as. */
const FILE_TYPES = ['parquet', 'jsonl'] as const;

export type FileType = (typeof FILE_TYPES)[number];

/** An option of every format. */
export const fileTypeOption = z
  .enum(FILE_TYPES)
  .optional()
  .describe(
    'What the files are: Parquet unless it says `jsonl`, a JSON object a line. For both, write two entries: a folder with files of ' +
      'two kinds is no data set.',
  );

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
