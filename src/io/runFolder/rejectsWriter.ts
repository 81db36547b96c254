import parquet, { type ParquetField } from 'parquetjs-lite';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, hashBytes, writeAtomic } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';

/**
 * parquetjs-lite writes small tables well, inside these limits (each was measured): no statistics and no page index, because
 * it orders text by UTF-16 units and readers then skip rows; one awaited `appendRow` at a time, because calls that overlap
 * write rows twice; no int64, no timestamps, no NaN. The schema below keeps rows inside them.
 */
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

const text: ParquetField = { type: 'UTF8', compression: 'SNAPPY', statistics: false };
const COLUMNS: Record<keyof RejectRow, ParquetField> = {
  seq: { type: 'INT32', compression: 'SNAPPY', statistics: false },
  seqIndex: { type: 'INT32', compression: 'SNAPPY', statistics: false },
  step: text,
  reason: text,
  kind: text,
  message: text,
  question: { ...text, optional: true },
  reply: { ...text, optional: true },
};

/**
 * Writes the rows lost between two commits as a Parquet table, whole or not at all. For no rows it writes no file and gives
 * null. Throws ERR_INVARIANT for a row that is not a RejectRow, ERR_IO_WRITE.
 */
export async function writeRejects(
  files: Files,
  path: string,
  rows: readonly RejectRow[],
): Promise<WrittenFile | null> {
  if (rows.length === 0) return null;
  const bytes = await encodeRejects(rows);
  await writeAtomic(files, path, bytes);
  return { rows: rows.length, bytes: bytes.length, sha256: hashBytes(bytes) };
}

async function encodeRejects(rows: readonly RejectRow[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const sink = {
    write: (bytes: Uint8Array, done: () => void) => (pieces.push(bytes), done()),
    end: (done: () => void) => done(),
  };
  const schema = new parquet.ParquetSchema(copyFields());
  const writer = await parquet.ParquetWriter.openStream(schema, sink, {
    pageIndex: false,
    rowGroupSize: GROUP_ROWS,
    pageSize: GROUP_ROWS,
  });
  for (const [at, row] of rows.entries()) await writer.appendRow(checkRow(row, at));
  await writer.close();
  return Buffer.concat(pieces);
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

/** A copy, because ParquetSchema writes defaults into what it is given. */
function copyFields(): Record<string, ParquetField> {
  return Object.fromEntries(Object.entries(COLUMNS).map(([name, field]) => [name, { ...field }]));
}
