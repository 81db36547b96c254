import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, hashBytes, temporaryPath, writeAtomic } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';

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

/**
 * Writes the rows lost between two commits as a Parquet table, whole or not at all. For no rows it writes no file and gives
 * null. Throws ERR_INVARIANT for a row that is not a RejectRow, ERR_IO_WRITE.
 */
export async function writeRejects(
  files: Files,
  path: string,
  rows: readonly RejectRow[],
  temporary: string = temporaryPath(path),
): Promise<WrittenFile | null> {
  if (rows.length === 0) return null;
  const bytes = encodeRejects(rows);
  await writeAtomic(files, path, bytes, temporary);
  return { rows: rows.length, bytes: bytes.length, sha256: hashBytes(bytes) };
}

/** Here and not in the shards' thread: the table is small, and its commit waits for it. Snappy needs no module of its own. */
function encodeRejects(rows: readonly RejectRow[]): Uint8Array {
  const checked = rows.map(checkRow);
  const columnData = Object.entries(COLUMNS).map(([name, column]) => ({
    ...{ nullable: false, offsetIndex: false, ...column },
    ...{ name, data: checked.map((row) => row[name as keyof RejectRow]) },
  }));
  return new Uint8Array(
    parquetWriteBuffer({ columnData, codec: 'SNAPPY', statistics: false, rowGroupSize: GROUP_ROWS }),
  );
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
