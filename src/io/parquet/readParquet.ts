import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Column } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import { listDataFiles } from '../files/dataFiles.js';
import type { Files, OpenFile } from '../files/files.js';
import type { Block, ReadRequest } from '../sources/format.js';
import { decompressZstd, loadZstd } from './zstd.js';

/**
 * The rows of Parquet files as columns of values, one block a row group, and one row group in memory at a time. Integers of
 * 64 bits become numbers where 32 bits hold them. Throws ERR_IO_READ; ERR_DATA_INVALID naming the file for one that is not
 * Parquet or misses a column.
 */
export async function* readParquetBlocks(
  files: Files,
  { paths, columns, from = 0 }: Pick<ReadRequest, 'paths' | 'columns' | 'from'>,
): AsyncGenerator<Block> {
  await loadZstd();
  let position = 0;
  for (const path of await listDataFiles(files, paths, '.parquet')) {
    const file = await files.open(path, 'read');
    try {
      const buffer = await asyncBuffer(files, path, file);
      const metadata = await readMetadata(path, buffer);
      const skip = Math.max(0, from - position);
      position += Number(metadata.num_rows);
      if (from < position) yield* readRowGroups(path, buffer, metadata, columns, skip);
    } finally {
      await file.close();
    }
  }
}

async function* readRowGroups(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly Column[],
  skip: number,
): AsyncGenerator<Block> {
  assertColumns(path, metadata, columns);
  const names = columns.map(({ name }) => name);
  const scan = await parquetScan({ file, metadata, columns: names, compressors: decompressors, parsers });
  for (const range of scan.ranges) {
    const rowStart = Math.max(range.rowStart, skip);
    if (rowStart >= range.rowEnd) continue;
    const values = await Promise.all(
      names.map((column) => scan.readColumn({ column, rowStart, rowEnd: range.rowEnd })),
    ).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    yield { file: path, row: rowStart, values: values.map((column) => Array.from(column, asPlain)) };
  }
}

const decompressors = { ...compressors, ZSTD: decompressZstd };

/** hyparquet's own decoder swallows a byte order mark at the start of a value. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const parsers = { stringFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes) };

function asPlain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint' && BigInt.asIntN(32, value) === value) return Number(value);
  if (Array.isArray(value)) return value.map(asPlain);
  return value;
}

async function asyncBuffer(files: Files, path: string, file: OpenFile): Promise<AsyncBuffer> {
  const byteLength = (await files.stat(path))?.sizeBytes ?? 0;
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const bytes = await file.read(start, end - start);
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
}

async function readMetadata(path: string, buffer: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(buffer);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(file: string, cause: unknown): unknown {
  if (cause instanceof ScaleQuestError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ScaleQuestError('ERR_DATA_INVALID', `expected a whole Parquet file: ${why}.`, {
    at: { file },
    cause,
  });
}

function assertColumns(file: string, { schema }: FileMetaData, columns: readonly Column[]): void {
  const found = topLevelNames(schema);
  const missing = columns.find(({ name }) => !found.includes(name));
  if (!missing) return;
  throw new ScaleQuestError(
    'ERR_DATA_INVALID',
    `found the columns ${found.join(', ')}, expected a column "${missing.name}" (${missing.type}).`,
    { at: { file }, data: { column: missing.name } },
  );
}

/** The schema is a tree written in depth-first order; the first element is its root. */
function topLevelNames(schema: FileMetaData['schema']): string[] {
  const names: string[] = [];
  let at = 1;
  while (at < schema.length) {
    names.push(schema[at]!.name);
    at = afterSubtree(schema, at);
  }
  return names;
}

function afterSubtree(schema: FileMetaData['schema'], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = afterSubtree(schema, next);
  return next;
}
