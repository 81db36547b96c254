import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { RejectRow } from '../runFolder/rejectsWriter.js';

/** Turns lost rows into the bytes of one Parquet file. The bytes depend on the rows alone. */
export interface RejectsEncoder {
  /** The bytes that these rows completed: none until a row group is full. */
  write(rows: readonly RejectRow[]): Uint8Array;
  /** The last bytes. */
  finish(): Uint8Array;
}

const COLUMNS: Record<keyof RejectRow, Pick<ColumnSource, 'type' | 'nullable'>> = {
  seq: { type: 'INT32' },
  seqIndex: { type: 'INT32' },
  step: { type: 'STRING' },
  reason: { type: 'STRING' },
  kind: { type: 'STRING' },
  message: { type: 'STRING' },
  question: { type: 'STRING', nullable: true },
  reply: { type: 'STRING', nullable: true },
};

const GROUP_ROWS = 16_384;

/** Snappy needs no module of its own. */
export function createRejectsEncoder(): RejectsEncoder {
  const buffer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer: buffer,
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
    codec: 'SNAPPY',
    statistics: false,
  });
  let waiting: RejectRow[] = [];

  function writeGroup(): void {
    void parquet.write({ columnData: columnsOf(waiting), rowGroupSize: GROUP_ROWS });
    waiting = [];
  }

  return {
    write(rows) {
      for (const row of rows) {
        waiting.push(row);
        if (waiting.length === GROUP_ROWS) writeGroup();
      }
      return drained(buffer);
    },
    finish() {
      if (waiting.length > 0) writeGroup();
      void parquet.finish();
      return drained(buffer);
    },
  };
}

function columnsOf(rows: readonly RejectRow[]): ColumnSource[] {
  return Object.entries(COLUMNS).map(([name, column]) => ({
    ...{ nullable: false, offsetIndex: false, ...column },
    ...{ name, data: rows.map((row) => row[name as keyof RejectRow]) },
  }));
}

function drained(buffer: ByteWriter): Uint8Array {
  const bytes = buffer.getBytes().slice();
  buffer.index = 0;
  return bytes;
}
