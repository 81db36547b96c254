import { columnValues } from '../../src/arrow/read.js';
import type { ColumnValue } from '../../src/arrow/columnType.js';
import { nodeFiles } from '../../src/io/files/files.js';
import type { SkippedLine } from '../../src/io/sources/format.js';
import type { SourceFormatName } from '../../src/io/sources/registry.js';
import { SOURCE_FORMATS } from '../../src/io/sources/registry.js';
import { sourceReader } from '../../src/io/sources/sourceReader.js';

export interface ReadSource {
  rows: Record<string, ColumnValue>[];
  skipped: SkippedLine[];
}

/** All rows of a source from a position on, as a run reads them: `{ path, columns … }` as in a pipeline file. */
export async function readSource(
  format: SourceFormatName,
  options: Readonly<Record<string, unknown>>,
  { folder = '/', from = 0, batchRows = 3 } = {},
): Promise<ReadSource> {
  const parsed = SOURCE_FORMATS[format].schema.parse(options);
  const skipped: SkippedLine[] = [];
  const read = sourceReader(
    { [format]: parsed, batchRows },
    folder,
    nodeFiles,
    (line) => void skipped.push(line),
  );
  const rows: ReadSource['rows'] = [];
  for (let lo = from; ;) {
    const batch = await read(lo, batchRows);
    if (!batch) return { rows, skipped };
    lo += batch.numRows;
    const names = batch.schema.names.map(String);
    const columns = names.map((name) => columnValues(batch, name));
    for (let row = 0; row < batch.numRows; row++)
      rows.push(Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])));
  }
}
