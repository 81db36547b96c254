import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, temporaryPath } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import { openStreamedFile } from '../files/streamedFile.js';

/** What a lost row may hold. The schema keeps values inside what the table's columns can hold. */
const rejectRow = z.strictObject({
  seq: z.int32().min(0).describe('Source position of the row.'),
  seqIndex: z
    .int32()
    .min(0)
    .describe('Its number among the rows made from that position; 0 if no step made several.'),
  step: z.string().min(1).describe('The step that lost it.'),
  reason: z.string().min(1).describe('Why: a reason of the filter, or an error code.'),
  kind: z
    .enum(['dropped', 'rejected'])
    .describe('`dropped`: a step decided so; `rejected`: something went wrong with the row.'),
  message: z.string().describe('The error in words; may be empty.'),
  question: z.string().nullable().describe('The question, if there was one by then.'),
  reply: z
    .string()
    .nullable()
    .describe('The first characters of what a model wrote about the row before it was lost, if one did.'),
});

export type RejectRow = z.input<typeof rejectRow>;

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

/** Writes the table of the rows that are lost between two commits. */
export interface RejectsWriter {
  /** Throws ERR_INVARIANT for a row that is not a RejectRow, ERR_IO_WRITE. */
  write(rows: readonly RejectRow[]): Promise<void>;
  /** Makes the file whole and durable. No rows are no file, and null. Throws ERR_IO_WRITE. */
  finish(): Promise<WrittenFile | null>;
  abort(): Promise<void>;
}

/**
 * Opens a table of lost rows: Parquet, whole or not at all. Row groups are written as they fill, and one of them at most is in memory.
 * Here and not in the shards' thread: the table is small, and its commit waits for it. Snappy needs no module of its own.
 */
export function openRejectsWriter(
  files: Files,
  path: string,
  temporary = temporaryPath(files, path),
): RejectsWriter {
  const file = openStreamedFile(files, path, temporary);
  const buffer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer: buffer,
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
    codec: 'SNAPPY',
    statistics: false,
  });
  let rows = 0;
  let waiting: RejectRow[] = [];

  async function writeGroup(): Promise<void> {
    void parquet.write({ columnData: columnsOf(waiting), rowGroupSize: GROUP_ROWS });
    waiting = [];
    await file.write(drained(buffer));
  }

  return {
    async write(more) {
      for (const row of more) {
        waiting.push(checkRow(row, rows));
        rows += 1;
        if (waiting.length === GROUP_ROWS) await writeGroup();
      }
    },
    async finish() {
      if (rows === 0) return null;
      if (waiting.length > 0) await writeGroup();
      void parquet.finish();
      await file.write(drained(buffer));
      return { rows, ...(await file.finish()) };
    },
    abort: file.abort,
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

const GROUP_ROWS = 16_384;

function checkRow(row: RejectRow, at: number): RejectRow {
  if (isPlain(row)) return row;
  const checked = rejectRow.safeParse(row);
  if (checked.success) return checked.data;
  throw new ScaleQuestError('ERR_INVARIANT', `rejects table, row ${at}: ${z.prettifyError(checked.error)}`, {
    data: { row: at },
  });
}

/** A fast check for rows as runs make them. Zod decides about all others, and says what is wrong with them. */
function isPlain(row: RejectRow): boolean {
  const { seq, seqIndex, step, reason, kind, message, question, reply } = row;
  const isPosition = (value: number): boolean => (value | 0) === value && value >= 0;
  if (!isPosition(seq) || !isPosition(seqIndex) || Object.keys(row).length !== 8) return false;
  const isText = (value: unknown): boolean => value === null || typeof value === 'string';
  if (typeof message !== 'string' || !isText(question) || !isText(reply)) return false;
  if (kind !== 'dropped' && kind !== 'rejected') return false;
  return typeof step === 'string' && step !== '' && typeof reason === 'string' && reason !== '';
}
