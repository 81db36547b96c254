import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import type { Files } from '../../io/files/files.js';
import { readParquetBlocks } from '../../io/parquet/readParquet.js';
import type { RejectRow } from '../../io/parquet/rejectsEncoder.js';
import { assertUndamaged } from '../../io/runFolder/committedFile.js';
import { readRejects } from '../../io/runFolder/readRejects.js';
import type { CommittedRows } from './readRun.js';

/** A row of the set: its values stand as the columns that were asked for. */
export type KeptValues = readonly unknown[];

/** What became of one source position: several rows where a step made several of one. */
export interface DecidedPosition {
  seq: number;
  /** With values in the order of the columns. */
  kept: KeptValues[];
  lost: RejectRow[];
}

/**
 * What a run has decided, position by position in the order of the source: one row group of each kind in memory at a time.
 * `columns` must begin with `seq`. Throws ERR_DATA_INVALID for a damaged file, ERR_IO_READ.
 */
export async function* decidedPositions(
  files: Files,
  run: CommittedRows,
  columns: readonly Column[],
): AsyncGenerator<DecidedPosition> {
  const kept = keptRows(files, run, columns);
  const lost = readRejects(files, run.folder);
  try {
    let nextKept = await kept.next();
    let nextLost = await lost.next();
    while (!nextKept.done || !nextLost.done) {
      const seq = Math.min(
        nextKept.done ? Infinity : seqOf(nextKept.value),
        nextLost.done ? Infinity : nextLost.value.seq,
      );
      const position: DecidedPosition = { seq, kept: [], lost: [] };
      for (; !nextKept.done && seqOf(nextKept.value) === seq; nextKept = await kept.next())
        position.kept.push(nextKept.value);
      for (; !nextLost.done && nextLost.value.seq === seq; nextLost = await lost.next())
        position.lost.push(nextLost.value);
      yield position;
    }
  } finally {
    // Closes the files.
    await Promise.all([kept.return(undefined), lost.return(undefined)]);
  }
}

function seqOf(row: KeptValues): number {
  return row[0] as number;
}

/** The rows of a set, in order. */
export async function* keptRows(
  files: Files,
  { folder, commits }: Pick<CommittedRows, 'folder' | 'commits'>,
  columns: readonly Column[],
): AsyncGenerator<KeptValues> {
  for (const { shard } of commits) {
    if (!shard) continue;
    await assertUndamaged(files, folder, [shard]);
    for await (const { values } of readParquetBlocks(files, { paths: [join(folder, shard.file)], columns }))
      for (let row = 0; row < values[0]!.length; row++) yield values.map((column) => column[row]);
  }
}
