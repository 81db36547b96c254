import { join } from 'node:path';
import type { Files } from '../../io/files/files.js';
import { readParquetBlocks } from '../../io/parquet/readParquet.js';
import { LOST_COLUMNS } from '../../io/runFolder/readRejects.js';
import type { RejectRow } from '../../io/parquet/rejectsEncoder.js';
import type { CommittedRows } from '../diff/readRun.js';

/** What became of the rows of a position. */
export interface CommittedPosition {
  /** Column → value, as JSON has it. */
  kept: Record<string, unknown>[];
  lost: RejectRow[];
  /** Whether a commit covers the position. */
  isCommitted: boolean;
}

/** Looks a position up in the files of its commit. Throws ERR_DATA_INVALID for a damaged file, ERR_IO_READ. */
export async function readPosition(
  files: Files,
  { folder, commits, columns, positions }: CommittedRows,
  seq: number,
): Promise<CommittedPosition> {
  const found: CommittedPosition = { kept: [], lost: [], isCommitted: seq < positions };
  const commit = commits.find(({ next }) => seq < next);
  if (!commit) return found;
  const seqAt = columns.findIndex(({ name }) => name === 'seq');
  if (commit.shard && seqAt >= 0)
    for await (const values of blocksOf(files, join(folder, commit.shard.file), columns))
      for (const row of rowsAt(values, seqAt, seq))
        found.kept.push(Object.fromEntries(columns.map(({ name }, at) => [name, plain(values[at]![row])])));
  if (commit.rejects)
    for await (const values of blocksOf(files, join(folder, commit.rejects.file), LOST_COLUMNS))
      for (const row of rowsAt(values, 0, seq))
        found.lost.push(
          Object.fromEntries(
            LOST_COLUMNS.map(({ name }, at) => [name, values[at]![row]]),
          ) as unknown as RejectRow,
        );
  return found;
}

async function* blocksOf(files: Files, path: string, columns: CommittedRows['columns']) {
  for await (const { values } of readParquetBlocks(files, { paths: [path], columns })) yield values;
}

function rowsAt(values: readonly (readonly unknown[])[], seqAt: number, seq: number): number[] {
  return values[seqAt]!.flatMap((own, row) => (own === seq ? [row] : []));
}

function plain(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
}
