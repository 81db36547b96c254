import type { Files } from '../io/files/files.js';
import { isHeld, readRunLock, thisProcess } from '../io/runFolder/runLock.js';
import { type CommittedRows, readCommittedRows } from '../run/diff/readRun.js';

/** A committed file, as a page reads it. */
export interface ViewedFile {
  file: string;
  rows: number;
  bytes: number;
}

/** What a page needs to know of a run folder before it reads its files. */
export interface ViewedRun extends Pick<
  CommittedRows,
  'steps' | 'funnel' | 'positions' | 'kept' | 'isComplete'
> {
  folder: string;
  name: string;
  seed: number;
  parts: Readonly<Record<string, string>>;
  columns: { name: string; type: string }[];
  shards: ViewedFile[];
  rejects: ViewedFile[];
  /** Whether a process runs it now. */
  isRunning: boolean;
}

export async function viewedRunOf(files: Files, folder: string): Promise<ViewedRun> {
  const run = await readCommittedRows(files, folder);
  const { steps, funnel, positions, kept, isComplete, columns, commits } = run;
  const lock = await readRunLock(files, folder);
  const named = (kind: 'shard' | 'rejects'): ViewedFile[] =>
    commits.flatMap((commit) => {
      const file = commit[kind];
      return file ? [{ file: file.file, rows: file.rows, bytes: file.bytes }] : [];
    });
  return {
    ...{ folder, name: run.run.name, seed: run.run.seed, parts: run.run.parts },
    ...{ steps, funnel, positions, kept, isComplete },
    columns: columns.map(({ name, type }) => ({ name, type })),
    shards: named('shard'),
    rejects: named('rejects'),
    isRunning: lock?.holder ? isHeld(lock.holder, thisProcess()) : false,
  };
}
