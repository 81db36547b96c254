import { resolve } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { renameColumns, seqBatch } from '../../arrow/columns.js';
import type { Column, ColumnType } from '../../arrow/columnType.js';
import { sliceRows } from '../../arrow/concat.js';
import { type Files, nodeFiles } from '../files/files.js';
import { readJsonl } from './readJsonl.js';
import { readParquet } from './readParquet.js';

/** Where a pipeline's rows come from: files, or nothing but positions for `generate` to fill. */
export interface SourceSettings {
  jsonl?: FileSource | undefined;
  parquet?: FileSource | undefined;
  batchRows: number;
}

export interface FileSource {
  path: string | string[];
  columns: Record<string, ColumnType>;
  /** Column → its name in the file, where that is another. */
  from?: Record<string, string> | undefined;
}

/** Gives at most `rowsMax` rows from position `lo` on; null when there are no more. Called in order; the first `lo` may be any. */
export type ReadRows = (lo: number, rowsMax: number) => Promise<RecordBatch | null> | RecordBatch | null;

/** Relative paths start at `folder`. */
export function sourceReader(settings: SourceSettings, folder: string, files: Files = nodeFiles): ReadRows {
  const source = settings.jsonl ?? settings.parquet;
  if (!source) return (lo, rowsMax) => seqBatch(lo, lo + rowsMax);
  const read = settings.jsonl ? readJsonl : readParquet;
  const paths = [source.path].flat().map((path) => resolve(folder, path));
  const { from = {} } = source;
  const columns = Object.entries(source.columns).map(([name, type]): Column => ({
    ...{ name: from[name] ?? name, type },
    help: 'From the source.',
    nullable: true,
  }));
  const ours = new Map(Object.entries(from).map(([name, inFile]) => [inFile, name]));
  const { batchRows } = settings;
  let cut: ReadRows | null = null;
  // A resumed run begins where its commits end; every position before that is passed over.
  return async (lo, rowsMax) => {
    cut ??= cutToSize(read(files, { paths, columns, batchRows, from: lo }));
    const rows = await cut(lo, rowsMax);
    return rows && ours.size > 0 ? renameColumns(rows, (name) => ours.get(name) ?? name) : rows;
  };
}

/** The gate may ask for less than a batch; the rest waits for the next call. */
function cutToSize(batches: AsyncGenerator<RecordBatch>): ReadRows {
  let rest: RecordBatch | null = null;
  return async (_lo, rowsMax) => {
    const rows: RecordBatch | undefined = rest ?? (await batches.next()).value;
    if (!rows) return null;
    rest = rows.numRows > rowsMax ? sliceRows(rows, rowsMax, rows.numRows) : null;
    return rest ? sliceRows(rows, 0, rowsMax) : rows;
  };
}
