import { columnValues } from '../../arrow/read.js';
import { ScaleQuestError } from '../../errors.js';
import { type Files, nodeFiles } from '../files/files.js';
import { readJsonl } from './readJsonl.js';
import { readParquet } from './readParquet.js';

const BATCH_ROWS = 8192;

/**
 * A column of texts of a .jsonl or .parquet file, or of a folder of either, in memory. Throws ERR_IO_READ; ERR_DATA_INVALID
 * for another kind of file, a missing column, or a row without a text in it.
 */
export async function readTexts(path: string, column: string, files: Files = nodeFiles): Promise<string[]> {
  const read = await readerFor(path, files);
  const columns = [{ name: column, type: 'string', help: '' } as const];
  const texts: string[] = [];
  for await (const batch of read(files, { paths: [path], columns, batchRows: BATCH_ROWS })) {
    for (const text of columnValues(batch, column) as string[]) texts.push(text);
  }
  return texts;
}

async function readerFor(path: string, files: Files): Promise<typeof readJsonl> {
  const stat = await files.stat(path);
  if (!stat)
    throw new ScaleQuestError('ERR_IO_READ', `cannot read ${path}: nothing is there. Check the path.`);
  const names = stat.isFolder ? await files.readdir(path) : [path];
  if (names.some((name) => name.endsWith('.parquet'))) return readParquet;
  if (names.some((name) => name.endsWith('.jsonl'))) return readJsonl;
  throw new ScaleQuestError('ERR_DATA_INVALID', `cannot read ${path}: expected a .jsonl or .parquet file.`);
}
