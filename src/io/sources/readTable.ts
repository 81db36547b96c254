import { createHash } from 'node:crypto';
import type { ColumnType, ColumnValue } from '../../arrow/columnType.js';
import { columnValues } from '../../arrow/read.js';
import type { Table } from '../../arrow/table.js';
import { ScaleQuestError } from '../../errors.js';
import { listDataFiles } from '../files/dataFiles.js';
import { type Files, nodeFiles } from '../files/files.js';
import { formatOf } from './formatOf.js';
import { toBatches } from './toBatches.js';

const BATCH_ROWS = 8192;
const MIB = 2 ** 20;

/** What may be said beside the file and its columns. */
export interface ReadTableOptions {
  /**
   * The most memory that the values may take; a text counts two bytes a character.
   *
   * @default 256
   */
  memoryMiB?: number;
  /** The files of the machine, if absent. */
  files?: Files;
}

/**
 * Columns of a file in one of the source formats (`.jsonl`, `.csv.gz`, `.parquet` …), or of a folder of such files, in memory.
 *
 * @param path - The file or folder.
 * @param columns - Name → type of the columns to read, as `columns` of a pipeline's source.
 * @throws ScaleQuestError: ERR_IO_READ; ERR_DATA_INVALID for another kind of file, a missing column, or a value of another type;
 * ERR_MEMORY for more than `memoryMiB`.
 * @example
 * const personas = await readTable('personas.jsonl', { persona: 'string' });
 * const context = createContext({ seed: 7, models, table: () => personas });
 */
export async function readTable(
  path: string,
  columns: Readonly<Record<string, ColumnType>>,
  { memoryMiB = 256, files = nodeFiles }: ReadTableOptions = {},
): Promise<Table> {
  const format = await formatOf(path, files);
  const options = format.schema.parse({ path, columns });
  const names = Object.keys(columns);
  const request = {
    paths: (await listDataFiles(files, [path], format)).files,
    columns: names.map((name) => ({ name, type: columns[name]!, help: '', nullable: true })),
    batchRows: BATCH_ROWS,
  };
  const values = new Map(names.map((name): [string, ColumnValue[]] => [name, []]));
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const batch of toBatches(format.open(files, request, options), request)) {
    for (const name of names) {
      const read = columnValues(batch, name);
      hash.update(JSON.stringify([name, read], plainly));
      bytes += read.reduce((sum: number, value) => sum + bytesOf(value), 0);
      if (bytes > memoryMiB * MIB) throw tooLarge(path, memoryMiB);
      const held = values.get(name)!;
      for (const value of read) held.push(value);
    }
  }
  return { rows: values.get(names[0]!)!.length, columns: values, hash: hash.digest('hex') };
}

function tooLarge(path: string, memoryMiB: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_MEMORY',
    `the columns of ${path} that are read take more than ${memoryMiB} MiB; read fewer columns or a smaller file, ` +
      'or raise memoryMiB, which changes no row',
  );
}

function plainly(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

/** A pointer and, of what is no small number, an object of its own. */
function bytesOf(value: ColumnValue): number {
  if (typeof value === 'string') return 32 + 2 * value.length;
  if (value === null || typeof value !== 'object') return 16;
  return Object.values(value).reduce((sum: number, each) => sum + bytesOf(each), 48);
}
