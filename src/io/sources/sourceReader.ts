import { resolve } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { renameColumns, seqBatch } from '../../arrow/columns.js';
import { sliceRows } from '../../arrow/concat.js';
import { type Files, nodeFiles } from '../files/files.js';
import { type SourceOptions, namedSources } from './registry.js';
import { toBatches } from './toBatches.js';

/** Where a pipeline's rows come from: files, or positions alone for `generate` to fill. */
export type SourceSettings = SourceOptions & { batchRows: number };

/** Gives at most `rowsMax` rows from position `lo` on, or null at the end. Calls come in order; the first `lo` may be any. */
export type ReadSourceRows = (
  lo: number,
  rowsMax: number,
) => Promise<RecordBatch | null> | RecordBatch | null;

/** Reads what a pipeline's `source` names. Relative paths start at `folder`. */
export function sourceReader(
  settings: SourceSettings,
  folder: string,
  files: Files = nodeFiles,
): ReadSourceRows {
  const [source] = namedSources(settings);
  if (!source) return (lo, rowsMax) => seqBatch(lo, lo + rowsMax);
  const { format, options } = source;
  const { paths, columns, fileColumns } = format.describe(options);
  const nameOf = new Map(fileColumns.map(({ name }, at) => [name, columns[at]!.name]));
  const isRenamed = fileColumns.some(({ name }, at) => name !== columns[at]!.name);
  const request = {
    paths: paths.map((path) => resolve(folder, path)),
    columns: fileColumns,
    batchRows: settings.batchRows,
  };
  let readSized: ReadSourceRows | null = null;
  // A resumed run begins where its commits end, and skips every position before.
  return async (lo, rowsMax) => {
    if (!readSized) {
      const from = { ...request, from: lo };
      readSized = limitRows(toBatches(format.open(files, from, options), from));
    }
    const rows = await readSized(lo, rowsMax);
    return rows && isRenamed ? renameColumns(rows, (name) => nameOf.get(name) ?? name) : rows;
  };
}

/** The gate may ask for less than a batch. The rest then waits for the next call. */
function limitRows(batches: AsyncGenerator<RecordBatch>): ReadSourceRows {
  let rest: RecordBatch | null = null;
  return async (_lo, rowsMax) => {
    const rows: RecordBatch | undefined = rest ?? (await batches.next()).value;
    if (!rows) return null;
    rest = rows.numRows > rowsMax ? sliceRows(rows, rowsMax, rows.numRows) : null;
    return rest ? sliceRows(rows, 0, rowsMax) : rows;
  };
}
