import { join } from 'node:path';
import { type Files, type OpenFile, readWhole } from '../files/files.js';
import { endOfSealed, openJson, sealJson } from '../files/seal.js';

export const LOG_FILE = 'log.jsonl';

/** What the log of a run keeps, for people and pages. No row depends on it, so it may end in the middle, or be removed. */
export type LogEvent =
  | { event: 'started'; file: string; name: string; identity: string; seed: number }
  | { event: 'resumed'; from: number; kept: number; removed: readonly string[]; tornBytes: number }
  | { event: 'leftOut'; files: readonly string[] }
  | { event: 'skippedLine'; file: string; line: number; message: string }
  | { event: 'served'; model: string; startedS: number; line: string }
  | { event: 'committed'; next: number; kept: number }
  | { event: 'noted'; model: string; note: string; count: number }
  | { event: 'finished'; rowsIn: number; rowsKept: number; wallS: number }
  | { event: 'failed'; code: string; message: string };

export interface RunLog {
  /** One line after the other. Throws ERR_IO_WRITE; after a line that may have been cut off, none follows. */
  write(event: object): Promise<void>;
  close(): Promise<void>;
}

/**
 * Appends to the log of a run folder, one JSON line an event with `at`, an ISO 8601 time, and `check`, a checksum of the line.
 * A last line that a kill has cut off is removed first. Throws ERR_IO_WRITE.
 */
export async function openRunLog(files: Files, folder: string, now: () => Date): Promise<RunLog> {
  const path = join(folder, LOG_FILE);
  const file = await files.open(path, 'append');
  try {
    const size = (await files.stat(path))?.sizeBytes ?? 0;
    const whole = await endOfLines(file, size);
    if (whole < size) await file.truncate(whole);
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  let written: Promise<void> = Promise.resolve();
  return {
    write(event) {
      const line = Buffer.from(`${sealJson(JSON.stringify({ at: now().toISOString(), ...event }))}\n`);
      written = written.then(() => file.write(line));
      return written;
    },
    async close() {
      await written.catch(() => {});
      await file.close();
    },
  };
}

/** Larger than any line. */
const TAIL_BYTES = 1 << 17;

/** Where the last whole line ends. */
async function endOfLines(file: OpenFile, size: number): Promise<number> {
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = await file.read(from, size - from);
  const end = tail.lastIndexOf(10);
  if (end < 0) return from === 0 ? 0 : size;
  return from + end + 1;
}

/** Lines of a log, from 1, that are not as they were written. What a crash has cut off, or left as zeros, is none of them. */
export async function changedLogLines(files: Files, folder: string): Promise<number[]> {
  const lines = Buffer.from(await readWhole(files, join(folder, LOG_FILE)))
    .toString()
    .split('\n');
  const last = lines.pop()!;
  const changed = lines.flatMap((line, at) =>
    openJson(line).isWhole || line.includes('\0\0') ? [] : [at + 1],
  );
  const end = endOfSealed(last);
  // Its line end was changed, or the one before it.
  if (end !== null && end < last.length) changed.push(lines.length + 1);
  return changed;
}
