import { relative, resolve } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { renameColumns, seqBatch } from '../../arrow/columns.js';
import { sliceRows } from '../../arrow/concat.js';
import { listDataFiles } from '../files/dataFiles.js';
import { type Files, nodeFiles } from '../files/files.js';
import type { HubAccess } from '../hub/hubAccess.js';
import { assertOwnFiles } from '../runFolder/ownFiles.js';
import type { SkippedLine } from './format.js';
import { type NamedSource, type SourceOptions, namedSources } from './registry.js';
import { toBatches } from './toBatches.js';

/** Where a pipeline's rows come from: files, or positions alone for `generate` to fill. */
export type SourceSettings = SourceOptions & { batchRows: number };

/** Gives at most `rowsMax` rows from position `lo` on, or null at the end. Calls come in order; the first `lo` may be any. */
export type ReadSourceRows = (
  lo: number,
  rowsMax: number,
) => Promise<RecordBatch | null> | RecordBatch | null;

/**
 * Reads what a pipeline's `source` names. Relative paths start at `folder`. `onSkipped` is told of each line that the options
 * leave out, from the first line of the source on, wherever the reading begins. `hub`: where a data set of a hub is read.
 */
export function sourceReader(
  settings: SourceSettings,
  folder: string,
  files: Files = nodeFiles,
  onSkipped?: (skipped: SkippedLine) => void,
  hub?: HubAccess,
): ReadSourceRows {
  const [source] = namedSources(settings);
  if (!source) return (lo, rowsMax) => seqBatch(lo, lo + rowsMax);
  const { columns, fileColumns } = source.format.describe(source.options);
  const nameOf = new Map(fileColumns.map(({ name }, at) => [name, columns[at]!.name]));
  const isRenamed = fileColumns.some(({ name }, at) => name !== columns[at]!.name);
  let readSized: ReadSourceRows | null = null;
  // A resumed run begins where its commits end, and skips every position before.
  return async (lo, rowsMax) => {
    if (!readSized) {
      const request = {
        paths: await sourcePaths(source, folder, files),
        columns: fileColumns,
        batchRows: settings.batchRows,
        from: lo,
        hub,
        onSkipped: onSkipped && relativeTo(folder, onSkipped),
      };
      readSized = limitRows(toBatches(source.format.open(files, request, source.options), request));
    }
    const rows = await readSized(lo, rowsMax);
    return rows && isRenamed ? renameColumns(rows, (name) => nameOf.get(name) ?? name) : rows;
  };
}

/** Tells of each line that a whole source leaves out, and gives no rows. */
export async function findSkipped(
  settings: SourceSettings,
  folder: string,
  files: Files,
  onSkipped: (skipped: SkippedLine) => void,
): Promise<void> {
  for (const source of namedSources(settings)) {
    const request = {
      paths: await sourcePaths(source, folder, files),
      columns: source.format.describe(source.options).fileColumns,
      batchRows: settings.batchRows,
      from: Infinity,
      onSkipped: relativeTo(folder, onSkipped),
    };
    for await (const _ of source.format.open(files, request, source.options));
  }
}

async function sourcePaths(
  { format, options }: NamedSource,
  folder: string,
  files: Files,
): Promise<readonly string[]> {
  const { paths, subfolders } = format.describe(options);
  const pick = { extensions: format.extensions, subfolders };
  const from = paths.map((path) => resolve(folder, path));
  const found = (await listDataFiles(files, from, pick)).files;
  await assertOwnFiles(files, found);
  return found;
}

/** Names files as the pipeline file does: where a folder stands differs from machine to machine. */
function relativeTo(
  folder: string,
  onSkipped: (skipped: SkippedLine) => void,
): (skipped: SkippedLine) => void {
  return (skipped) => onSkipped({ ...skipped, file: relative(folder, skipped.file) });
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
