import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, temporaryPath } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import { openStreamedFile } from '../files/streamedFile.js';
import { type RejectRow, createRejectsEncoder } from '../parquet/rejectsEncoder.js';

export type { RejectRow };

/** Keeps values inside what the table's columns can hold. */
const rejectRow: z.ZodType<RejectRow> = z.strictObject({
  seq: z.int32().min(0),
  seqIndex: z.int32().min(0),
  step: z.string().min(1),
  reason: z.string().min(1),
  kind: z.enum(['dropped', 'rejected']),
  message: z.string(),
  question: z.string().nullable(),
  reply: z.string().nullable(),
});

/** Writes the table of the rows that are lost between two commits. */
export interface RejectsWriter {
  /** Throws ERR_INVARIANT for a row that is not a RejectRow, ERR_IO_WRITE. */
  write(rows: readonly RejectRow[]): Promise<void>;
  /** Makes the file whole and durable. No rows are no file, and null. Throws ERR_IO_WRITE. */
  finish(): Promise<WrittenFile | null>;
  abort(): Promise<void>;
}

/** Encodes in another thread, or at once. It answers in the order of the calls. */
export interface RejectsEncoding {
  /** Begins a table. What is left of the one before is dropped. */
  open(): void;
  /** The bytes that these rows completed. */
  write(rows: readonly RejectRow[]): Promise<Uint8Array>;
  finish(): Promise<Uint8Array>;
}

/** Rows that go to the encoder together: a message costs as much as many rows. */
const PIECE_ROWS = 512;
/** So many rows may wait for the encoder, which may be busy with a shard. */
const UNANSWERED_ROWS_MAX = 16_384;

/** Opens a table of lost rows: Parquet, whole or not at all. Row groups are written as they fill. */
export function openRejectsWriter(
  files: Files,
  path: string,
  temporary = temporaryPath(files, path),
  encoding: RejectsEncoding = rejectsEncodedHere(),
): RejectsWriter {
  const file = openStreamedFile(files, path, temporary);
  let rows = 0;
  let waiting: RejectRow[] = [];
  let unanswered = 0;
  let written: Promise<void> = Promise.resolve();

  function sendWaiting(): void {
    const piece = waiting;
    waiting = [];
    unanswered += piece.length;
    take(encoding.write(piece), () => (unanswered -= piece.length));
  }

  /** Writes bytes in the order in which they were asked for. */
  function take(encoded: Promise<Uint8Array>, onAnswer = (): void => {}): void {
    written = Promise.all([encoded, written]).then(([bytes]) => {
      onAnswer();
      return bytes.length > 0 ? file.write(bytes) : undefined;
    });
    written.catch(() => {});
  }

  return {
    async write(more) {
      for (const row of more) {
        waiting.push(checkRow(row, rows));
        if (rows === 0) encoding.open();
        rows += 1;
        if (waiting.length === PIECE_ROWS) sendWaiting();
      }
      if (unanswered > UNANSWERED_ROWS_MAX) await written;
    },
    async finish() {
      if (rows === 0) return null;
      if (waiting.length > 0) sendWaiting();
      take(encoding.finish());
      await written;
      return { rows, ...(await file.finish()) };
    },
    async abort() {
      await written.catch(() => {});
      await file.abort();
    },
  };
}

/** The encoder in this thread. */
function rejectsEncodedHere(): RejectsEncoding {
  let encoder = createRejectsEncoder();
  return {
    open: () => void (encoder = createRejectsEncoder()),
    write: async (rows) => encoder.write(rows),
    finish: async () => encoder.finish(),
  };
}

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
