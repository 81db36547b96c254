import { Damage } from '../files/damage.js';
import {
  type AsyncBuffer,
  type ColumnChunk,
  type FileMetaData,
  type RowGroup,
  parquetMetadataAsync,
  parquetScan,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { ScaleQuestError } from '../../errors.js';
import type { Files, OpenFile } from '../files/files.js';
import { asFileColumn } from '../sources/fileOptions.js';
import type { Block, FileHead, ReadRequest } from '../sources/format.js';
import { ValueFault } from '../values/convert.js';
import type { FileColumn } from '../values/jsonRow.js';
import { type ColumnReader, DamagedValue, columnReader, printWanted } from './read/columnReader.js';
import { footerBytesOf } from './read/ends.js';
import { BadText } from './read/leaf.js';
import { checkPages } from './read/pages.js';
import { type SchemaNode, schemaTrees } from './read/schemaTree.js';
import { decompressZstd, loadZstd } from './zstd.js';

/**
 * The rows of Parquet files as columns of values, one block a row group, and one row group in memory at a time. Values become
 * those of the wanted types without a change of what they say. Throws ERR_IO_READ; ERR_DATA_INVALID naming the file for one that
 * is not Parquet or damaged, that misses a column, or whose values the wanted type cannot hold.
 */
export async function* readParquetBlocks(
  files: Files,
  { paths, columns, from = 0 }: Pick<ReadRequest, 'paths' | 'columns' | 'from'>,
): AsyncGenerator<Block> {
  await loadZstd();
  const wanted = columns.map(asFileColumn);
  let position = 0;
  for (const path of paths) {
    const file = await files.open(path, 'read');
    try {
      const buffer = await asyncBuffer(files, path, file);
      const metadata = await readMetadata(path, buffer);
      const skip = Math.max(0, from - position);
      position += Number(metadata.num_rows);
      if (from < position) yield* readRowGroups(path, buffer, metadata, wanted, skip);
    } finally {
      await file.close();
    }
  }
}

/** What a check reads of a footer; the run reads a longer one. */
const HEAD_FOOTER_BYTES_MAX = 16 << 20;

/**
 * What the footer of a Parquet file tells: rows and columns. Of a wanted column that is there, its type is compared. Throws
 * ERR_IO_READ; ERR_DATA_INVALID naming the file for one that is not Parquet or damaged, or whose column has another type.
 */
export async function readParquetHead(
  files: Files,
  path: string,
  columns: ReadRequest['columns'],
): Promise<FileHead> {
  const file = await files.open(path, 'read');
  try {
    const buffer = await asyncBuffer(files, path, file);
    if ((await footerBytes(path, buffer)) > HEAD_FOOTER_BYTES_MAX) return unreadHead(columns);
    const metadata = await readMetadata(path, buffer);
    const names = guarded(path, () => schemaTrees(metadata).map(({ element }) => element.name));
    const present = columns.filter(({ name }) => names.includes(name));
    readersOf(path, metadata, present.map(asFileColumn));
    return { rows: Number(metadata.num_rows), isWhole: true, columns: new Set(names), isSchema: true };
  } finally {
    await file.close();
  }
}

/** The columns of a Parquet file as its footer has them. Throws ERR_IO_READ, and ERR_DATA_INVALID for a damaged file. */
export async function readParquetSchema(files: Files, path: string): Promise<SchemaNode[]> {
  const file = await files.open(path, 'read');
  try {
    const metadata = await readMetadata(path, await asyncBuffer(files, path, file));
    return guarded(path, () => schemaTrees(metadata));
  } finally {
    await file.close();
  }
}

function footerBytes(path: string, buffer: AsyncBuffer): Promise<number> {
  return footerBytesOf(path, buffer).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** Nothing is known of its columns, so none is missing. */
function unreadHead(columns: ReadRequest['columns']): FileHead {
  return { rows: 0, isWhole: false, columns: new Set(columns.map(({ name }) => name)), isSchema: true };
}

async function* readRowGroups(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  wanted: readonly FileColumn[],
  skip: number,
): AsyncGenerator<Block> {
  const readers = readersOf(path, metadata, wanted);
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupRows = Number(group.num_rows);
    const rowStart = Math.max(0, skip - groupStart);
    if (rowStart < groupRows) {
      const values = [];
      for (const reader of readers) {
        const decoded = await readColumn(path, file, metadata, group, reader);
        const rows = { from: rowStart, to: groupRows, first: groupStart };
        values.push(valuesOf(path, reader, decoded, rows));
      }
      yield { file: path, row: groupStart + rowStart, values };
    }
    groupStart += groupRows;
  }
}

function readersOf(path: string, metadata: FileMetaData, wanted: readonly FileColumn[]): ColumnReader[] {
  return guarded(path, () => {
    const nodes = schemaTrees(metadata);
    return wanted.map((column) => columnReader(path, nodeOf(path, nodes, column), column));
  });
}

function nodeOf(file: string, nodes: readonly SchemaNode[], { name, type }: FileColumn): SchemaNode {
  const found = nodes.filter(({ element }) => element.name === name);
  if (found.length === 1) return found[0]!;
  const names = nodes.slice(0, 50).map(({ element }) => element.name);
  const message =
    found.length > 1
      ? `found ${found.length} columns "${name}", expected one. Give them names of their own.`
      : `found the columns ${names.join(', ')}${nodes.length > 50 ? ', …' : ''}, expected a column "${name}" (${printWanted(type)}).`;
  throw new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file }, data: { column: name } });
}

/** The cells of a row group, as the decoder gives them. Only the needed leaves are read, under names of their own. */
async function readColumn(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
  { node, schema, leaves }: ColumnReader,
): Promise<ArrayLike<unknown>> {
  try {
    const chunks = leaves.map(({ node: leaf }) => chunkOf(group, leaf));
    const bytes = await Promise.all(
      chunks.map((chunk, at) => readChunk(file, group, chunk, leaves[at]!.node)),
    );
    const root = { name: 'root', num_children: 1 };
    const narrowed: FileMetaData = {
      ...metadata,
      schema: [root, ...schema],
      num_rows: group.num_rows,
      row_groups: [{ ...group, columns: chunks.map((chunk, at) => underPath(chunk, leaves[at]!.path)) }],
    };
    const scan = await parquetScan({
      file: { byteLength: file.byteLength, slice: (start, end) => sliceOf(bytes, start, end!) },
      metadata: narrowed,
      columns: [node.id],
      compressors: decompressors,
      parsers,
      utf8: false,
      useOffsetIndex: false,
    });
    const rowEnd = Number(group.num_rows);
    const decoded = await scan.readColumn({ column: node.id, rowStart: 0, rowEnd });
    if (decoded.length !== rowEnd)
      throw new Damage(`a column holds ${decoded.length} rows, expected ${rowEnd}`);
    return decoded;
  } catch (error) {
    throw unreadable(path, error, node.path[0]);
  }
}

function underPath(chunk: ColumnChunk, path: string[]): ColumnChunk {
  return { ...chunk, meta_data: { ...chunk.meta_data!, path_in_schema: path } };
}

/** The chunks of a row group stand in the order of the leaves. */
function chunkOf(group: RowGroup, leaf: SchemaNode): ColumnChunk {
  const chunk = group.columns[leaf.leaf!];
  const meta = chunk?.meta_data;
  if (!meta) throw new Damage('a row group lacks a column');
  if (chunk.file_path) throw new Damage('its columns are in other files');
  if (meta.type !== leaf.element.type || meta.path_in_schema.join('\0') !== leaf.path.join('\0'))
    throw new Damage('the columns of a row group are not those of the schema');
  return chunk;
}

interface ChunkBytes {
  start: number;
  end: number;
  bytes: ArrayBuffer;
}

const VALUES_MAX = 1 << 27;

async function readChunk(
  file: AsyncBuffer,
  group: RowGroup,
  { meta_data: meta }: ColumnChunk,
  leaf: SchemaNode,
): Promise<ChunkBytes> {
  const { codec, num_values, total_compressed_size, total_uncompressed_size } = meta!;
  const start = Number(meta!.dictionary_page_offset || meta!.data_page_offset);
  const end = start + Number(total_compressed_size);
  if (!(start >= 4 && end >= start && end <= file.byteLength))
    throw new Damage('a column chunk lies outside of the file');
  const values = Number(num_values);
  const isFlat = leaf.repetitionLevelMax === 0;
  if (values > VALUES_MAX) throw new Damage(`a row group holds more than ${VALUES_MAX} values of a column`);
  if (isFlat ? num_values !== group.num_rows : num_values < group.num_rows)
    throw new Damage('a column chunk does not hold one value a row');
  const bytes = await file.slice(start, end);
  checkPages(new Uint8Array(bytes), {
    values,
    repetitionLevelMax: leaf.repetitionLevelMax,
    definitionLevelMax: leaf.definitionLevelMax,
    plainBytesMin: plainBytesMin(leaf),
    isBoolean: leaf.element.type === 'BOOLEAN',
    uncompressedBytes: Number(total_uncompressed_size),
    decompress: (page, lengthBytes) => decompress(codec, page, lengthBytes),
  });
  return { start, end, bytes };
}

const PLAIN_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({ BOOLEAN: 1 / 8, INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 4 }),
);

function plainBytesMin({ element: { type, type_length } }: SchemaNode): number {
  return type === 'FIXED_LEN_BYTE_ARRAY' ? (type_length ?? 0) : PLAIN_BYTES.get(type!)!;
}

const decompressors: typeof compressors = { ...compressors, ZSTD: decompressZstd };

function decompress(codec: string, page: Uint8Array, lengthBytes: number): Uint8Array {
  const known = new Map(Object.entries(decompressors));
  const decompressor = known.get(codec);
  if (codec === 'UNCOMPRESSED') return page;
  if (!decompressor) throw new Damage(`it is compressed by ${codec}, which is not read`);
  const bytes = decompressor(page, lengthBytes);
  if (bytes.length !== lengthBytes) throw new Damage('a page has another length than its header says');
  return bytes;
}

async function sliceOf(chunks: readonly ChunkBytes[], start: number, end: number): Promise<ArrayBuffer> {
  const whole = chunks.find((chunk) => chunk.start <= start && end <= chunk.end);
  if (whole) return whole.bytes.slice(start - whole.start, end - whole.start);
  // The decoder fetches neighbouring chunks, and small gaps between them, at once.
  const joined = new Uint8Array(end - start);
  for (const chunk of chunks)
    if (chunk.start < end && chunk.end > start) joined.set(new Uint8Array(chunk.bytes), chunk.start - start);
  return joined.buffer;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The decoder's own parsers would swallow a byte order mark, replace what is no text, and round times. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => {
    if (!bytes) return bytes;
    try {
      return decoder.decode(bytes);
    } catch {
      return new BadText() as never;
    }
  },
  timestampFromNanoseconds: (nanos: bigint) => nanos as never,
};

/** Of statistics, which are not used. */
const raw = (value: unknown): never => value as never;
const rawParsers = {
  ...{ timestampFromMilliseconds: raw, timestampFromMicroseconds: raw, timestampFromNanoseconds: raw },
  ...{ dateFromDays: raw, stringFromBytes: raw, jsonFromBytes: raw, uuidFromBytes: raw },
  ...{ geometryFromBytes: raw, geographyFromBytes: raw },
};

function valuesOf(
  file: string,
  { column, read }: ColumnReader,
  decoded: ArrayLike<unknown>,
  { from, to, first }: { from: number; to: number; first: number },
): Block['values'][number] {
  const values: Block['values'][number] = [];
  for (let at = from; at < to; at++) {
    try {
      values.push(read(decoded[at]));
    } catch (error) {
      throw badValue(file, column.name, first + at, error);
    }
  }
  return values;
}

function badValue(file: string, column: string, row: number, error: unknown): unknown {
  if (error instanceof DamagedValue) return unreadable(file, error, column);
  if (!(error instanceof ValueFault)) return error;
  const message = `column "${column}", row ${row}: ${error.message}.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, { at: { file }, data: { column, row } });
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
    await footerBytesOf(path, buffer);
    const metadata = await parquetMetadataAsync(buffer, { parsers: rawParsers, geoparquet: false });
    const rows = metadata.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
    const isCounted = metadata.row_groups.every(({ num_rows }) => num_rows >= 0n && num_rows <= VALUES_MAX);
    if (!isCounted || rows !== metadata.num_rows)
      throw new Damage('the rows of its row groups are not those of the file');
    return metadata;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(file: string, cause: unknown, column?: string): unknown {
  if (cause instanceof ScaleQuestError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  const where = column === undefined ? '' : ` (column "${column}")`;
  const message = `expected a whole Parquet file: ${why}${where}. Fetch or write the file again.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, {
    at: { file },
    cause,
    ...(column === undefined ? {} : { data: { column } }),
  });
}
