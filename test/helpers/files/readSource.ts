import type { RecordBatch } from 'apache-arrow';
import { columnValues } from '../../../src/arrow/read.js';
import type { ColumnValue } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { SkippedLine } from '../../../src/io/sources/format.js';
import type { SourceFormatName } from '../../../src/io/sources/registry.js';
import { SOURCE_FORMATS } from '../../../src/io/sources/registry.js';
import { sourceReader } from '../../../src/io/sources/sourceReader.js';

export interface ReadSource {
  rows: Record<string, ColumnValue>[];
  skipped: SkippedLine[];
}

/** All rows of a source from a position on, as a run reads them: `{ path, columns … }` as in a pipeline file. */
export async function readSource(
  format: SourceFormatName,
  options: Readonly<Record<string, unknown>>,
  settings: { folder?: string; from?: number; batchRows?: number } = {},
): Promise<ReadSource> {
  const { batches, skipped } = await readSourceBatches(format, options, settings);
  return { rows: batches.flatMap(rowsIn), skipped };
}

export function rowsIn(batch: RecordBatch): Record<string, ColumnValue>[] {
  const names = batch.schema.names.map(String);
  const columns = names.map((name) => columnValues(batch, name));
  return Array.from({ length: batch.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])),
  );
}

/** The same as record batches. */
export async function readSourceBatches(
  format: SourceFormatName,
  options: Readonly<Record<string, unknown>>,
  { folder = '/', from = 0, batchRows = 3 } = {},
): Promise<{ batches: RecordBatch[]; skipped: SkippedLine[] }> {
  const parsed = SOURCE_FORMATS[format].schema.parse(options);
  const skipped: SkippedLine[] = [];
  const read = sourceReader(
    { [format]: parsed, batchRows },
    folder,
    nodeFiles,
    (line) => void skipped.push(line),
  );
  const batches: RecordBatch[] = [];
  for (let lo = from; ;) {
    const batch = await read(lo, batchRows);
    if (!batch) return { batches, skipped };
    lo += batch.numRows;
    batches.push(batch);
  }
}
