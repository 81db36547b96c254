import { join } from 'node:path';
import type { Files } from '../files/files.js';

export const LOG_FILE = 'log.jsonl';

/** What the log of a run keeps, for people and for live pages. Nothing reads it back, so it may end in the middle. */
export type LogEvent =
  | { event: 'started'; file: string; name: string; identity: string; seed: number }
  | { event: 'resumed'; from: number; kept: number; removed: readonly string[]; tornBytes: number }
  | { event: 'committed'; next: number; kept: number }
  | { event: 'noted'; model: string; note: string; count: number }
  | { event: 'finished'; rowsIn: number; rowsKept: number; wallS: number }
  | { event: 'failed'; code: string; message: string };

export interface RunLog {
  /** Throws ERR_IO_WRITE. */
  write(event: LogEvent): Promise<void>;
  close(): Promise<void>;
}

/** Appends to the log of a run folder, one JSON line an event with `at`, an ISO 8601 time. Throws ERR_IO_WRITE. */
export async function openRunLog(files: Files, folder: string, now: () => Date): Promise<RunLog> {
  const file = await files.open(join(folder, LOG_FILE), 'append');
  return {
    write: (event) => file.write(Buffer.from(`${JSON.stringify({ at: now().toISOString(), ...event })}\n`)),
    close: () => file.close(),
  };
}
