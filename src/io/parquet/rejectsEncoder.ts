import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';

/** A lost row. */
export interface RejectRow {
  /** Source position of the row. */
  seq: number;
  /** Its number among the rows made from that position; 0 if no step made several. */
  seqIndex: number;
  /** The step that lost it. */
  step: string;
  /** Why: a reason of the filter, or an error code. */
  reason: string;
  /** `dropped`: a step decided so; `rejected`: something went wrong with the row. */
  kind: 'dropped' | 'rejected';
  /** The error in words; may be empty. */
  message: string;
  /** The question, if there was one by then. */
  question: string | null;
  /** The first characters of what a model wrote about the row before it was lost, if one did. */
  reply: string | null;
}

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
