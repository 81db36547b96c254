import { columnValues } from '../../arrow/read.js';
import { ScaleQuestError } from '../../errors.js';
import { hasEnding, listDataFiles } from '../files/dataFiles.js';
import { type Files, nodeFiles } from '../files/files.js';
import type { SourceFormat } from './format.js';
import { SOURCE_FORMATS } from './registry.js';
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

async function formatOf(path: string, files: Files): Promise<SourceFormat> {
  const stat = await files.stat(path);
  if (!stat)
    throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
  const names = stat.isFolder ? await files.readdir(path) : [path];
  const found = (Object.values(SOURCE_FORMATS) as SourceFormat[]).filter(({ extensions }) =>
    names.some((name) => hasEnding(name, extensions)),
  );
  if (found.length === 1) return found[0]!;
  throw new ScaleQuestError('ERR_DATA_INVALID', `cannot read ${path}: ${whyNoFormat(found)}.`);
}

function whyNoFormat(found: readonly SourceFormat[]): string {
  const listed = (formats: readonly SourceFormat[], word: string): string =>
    formats.map(({ extensions }) => extensions[0]).join(` ${word} `);
  if (found.length > 1)
    return `found ${listed(found, 'and')} files in it, expected files of one format. Name the file`;
  return `expected a ${listed(Object.values(SOURCE_FORMATS) as SourceFormat[], 'or')} file`;
}
