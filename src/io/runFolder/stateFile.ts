import { createHash } from 'node:crypto';
import { ScaleQuestError } from '../../errors.js';
import { type WrittenFile, temporaryPath } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import { openGzip } from '../files/gzipWriter.js';
import { openStreamedFile } from '../files/streamedFile.js';
import { gzip } from '../sources/text/gzip.js';

/** What a stateful step added to its state at one row. Applying a run's entries in order restores the state. */
export interface StateEntry {
  seq: number;
  step: string;
  value: unknown;
}

/** Writes what steps add to their states between two commits. */
export interface StateWriter {
  /** Throws ERR_IO_WRITE. */
  write(entries: readonly StateEntry[]): Promise<void>;
  /** Makes the file whole and durable. No entries are no file, and null. Throws ERR_IO_WRITE. */
  finish(): Promise<WrittenFile | null>;
  abort(): Promise<void>;
}

/**
 * Opens a state file: compressed JSON lines, whole or not at all. They are compressed as they come, so that no more than a piece is
 * in memory. The bytes depend on the entries alone.
 */
export function openStateWriter(
  files: Files,
  path: string,
  temporary = temporaryPath(files, path),
): StateWriter {
  const file = openStreamedFile(files, path, temporary);
  const gzip = openGzip((bytes) => file.write(bytes));
  let rows = 0;
  let lines: string[] = [];
  let chars = 0;

  async function compressLines(): Promise<void> {
    const text = lines.join('');
    lines = [];
    chars = 0;
    await gzip.write(Buffer.from(text));
  }

  return {
    async write(entries) {
      for (const { seq, step, value } of entries) {
        const line = `${JSON.stringify({ seq, step, value })}\n`;
        lines.push(line);
        chars += line.length;
        if (chars >= GATHERED_CHARS) await compressLines();
      }
      rows += entries.length;
    },
    async finish() {
      if (rows === 0) return null;
      await compressLines();
      await gzip.end();
      return { rows, ...(await file.finish()) };
    },
    async abort() {
      gzip.stop();
      await file.abort();
    },
  };
}

const GATHERED_CHARS = 1 << 16;

/** A state file as a commit names it. */
export interface CommittedState {
  path: string;
  sha256: string;
}

/**
 * Reads state files in their order: the entries of one step, in pieces, so that a state of any size takes the memory of one
 * piece. Throws ERR_IO_READ, and ERR_DATA_INVALID naming a file that is not as it was written: a run that went on from it would
 * make other rows. It has given entries by then.
 */
export async function* readStates(
  files: Files,
  states: Iterable<CommittedState>,
  step: string,
): AsyncGenerator<readonly StateEntry[]> {
  for (const { path, sha256 } of states) {
    const hash = createHash('sha256');
    try {
      for await (const lines of linesOf(gzip.decompress(hashedPieces(files, path, hash), path)))
        yield entriesOf(lines, step);
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('ERR_IO_')) throw error;
      throw damaged(path, error);
    }
    if (hash.digest('hex') !== sha256) throw damaged(path);
  }
}

const PIECE_BYTES = 1 << 18;

async function* hashedPieces(
  files: Files,
  path: string,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, 'read');
  try {
    let position = 0;
    for (;;) {
      const piece = await file.read(position, PIECE_BYTES);
      position += piece.length;
      hash.update(piece);
      if (piece.length > 0) yield piece;
      if (piece.length < PIECE_BYTES) return;
    }
  } finally {
    await file.close();
  }
}

const NEWLINE = 10;

/** The lines that each piece completes, as one text: each ends with a newline, but for a last one that was cut off. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // The line that has not ended yet, in pieces: to join them at each piece would take quadratic time.
  let open: Uint8Array[] = [];
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE) + 1;
    open.push(piece.subarray(0, end));
    if (end === 0) open[open.length - 1] = piece;
    else {
      yield Buffer.concat(open).toString();
      open = [piece.subarray(end)];
    }
  }
  const left = Buffer.concat(open).toString();
  if (left !== '') yield left;
}

const SEQ_MARK = '{"seq":';

/** Lines are read only where they are of the step. */
function entriesOf(lines: string, step: string): StateEntry[] {
  const mark = `,"step":${JSON.stringify(step)},"value":`;
  const entries: StateEntry[] = [];
  for (let from = 0; from < lines.length;) {
    const newline = lines.indexOf('\n', from);
    const end = newline < 0 ? lines.length : newline;
    // The first comma stands behind the position.
    const comma = lines.indexOf(',', from);
    if (lines.startsWith(mark, comma)) {
      const value = plainText(lines, comma + mark.length, end - 1);
      if (value === null) entries.push(JSON.parse(lines.slice(from, end)) as StateEntry);
      else entries.push({ seq: Number(lines.slice(from + SEQ_MARK.length, comma)), step, value });
    }
    from = end + 1;
  }
  return entries;
}

const QUOTE = 34;

/**
 * The text that stands as JSON from `from` to `to`, where it is a text without an escape, as most are: to parse it takes ten times
 * as long. Else null.
 */
function plainText(lines: string, from: number, to: number): string | null {
  if (lines.charCodeAt(from) !== QUOTE || lines.charCodeAt(to - 1) !== QUOTE) return null;
  const text = lines.slice(from + 1, to - 1);
  return text.includes('\\') ? null : text;
}

function damaged(file: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    'the state of a run is damaged: its bytes are not the ones that were committed. ' +
      'Restore the file, or start anew beside the run with --fresh.',
    { at: { file }, cause },
  );
}
