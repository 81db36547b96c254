import { columnValues } from '../../arrow/read.js';
import { listDataFiles } from '../files/dataFiles.js';
import { type Files, nodeFiles } from '../files/files.js';
import { formatOf } from './formatOf.js';
import { toBatches } from './toBatches.js';

const BATCH_ROWS = 8192;

/**
 * A column of texts of a file in one of the source formats (`.jsonl`, `.csv.gz`, `.parquet` …), or of a folder of such files, in
 * memory. Throws ERR_IO_READ; ERR_DATA_INVALID for another kind of file, a missing column, or a row without a text in it.
 */
export async function readTexts(path: string, column: string, files: Files = nodeFiles): Promise<string[]> {
  const format = await formatOf(path, files);
  const columns = Object.fromEntries([[column, 'string']]);
  const options = format.schema.parse({ path, columns });
  const request = {
    paths: (await listDataFiles(files, [path], format)).files,
    columns: [{ name: column, type: 'string', help: '' } as const],
    batchRows: BATCH_ROWS,
  };
  const texts: string[] = [];
  for await (const batch of toBatches(format.open(files, request, options), request)) {
    for (const text of columnValues(batch, column) as string[]) texts.push(text);
  }
  return texts;
}
