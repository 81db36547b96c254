import { decompress } from 'fzstd';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';

/** A committed Parquet file, as the server lists it. */
export interface TableFile {
  file: string;
  rows: number;
  bytes: number;
}

/** Gives bytes [start, end) of a file. */
export type FetchBytes = (file: string, start: number, end: number) => Promise<ArrayBuffer>;

export type TableRow = Readonly<Record<string, unknown>>;

/** The rows of Parquet files one after the other, read by ranges: what is looked at is fetched, and little is held. */
export interface RowTable {
  readonly rows: number;
  /** Rows [from, to) of these columns. */
  read(from: number, to: number, columns: readonly string[]): Promise<TableRow[]>;
  /** Every value of some columns, block by block in order, from the row `from` on. Nothing of it is held. */
  scan(columns: readonly string[]): AsyncGenerator<{ from: number; rows: TableRow[] }>;
}

const COMPRESSORS = {
  ZSTD: (input: Uint8Array, outputBytes: number): Uint8Array =>
    decompress(input, new Uint8Array(outputBytes)),
};

/** The footer of a shard is smaller, as a rule: then one request reads it. */
const FOOTER_BYTES = 65_536;
/** Row groups that are kept decoded, for scrolling back and forth. */
const BLOCKS_MAX = 12;

interface OpenFile {
  buffer: AsyncBuffer;
  metadata: FileMetaData;
  /** Where each row group begins, and where the last one ends. */
  groups: number[];
}

export function openRowTable(files: readonly TableFile[], fetchBytes: FetchBytes): RowTable {
  const starts = [0];
  for (const { rows } of files) starts.push(starts.at(-1)! + rows);
  const open = new Map<number, Promise<OpenFile>>();
  const blocks = new Map<string, Promise<TableRow[]>>();

  function fileAt(at: number): Promise<OpenFile> {
    const known = open.get(at);
    if (known) return known;
    const { file, bytes } = files[at]!;
    const opened = openFile({
      byteLength: bytes,
      slice: (start, end = bytes) => fetchBytes(file, start, end),
    });
    open.set(at, opened);
    // What failed once may go another time.
    opened.catch(() => open.delete(at));
    return opened;
  }

  function block(at: number, group: number, columns: readonly string[]): Promise<TableRow[]> {
    const key = `${at} ${group} ${columns.join('\0')}`;
    const known = blocks.get(key);
    const read = known ?? readGroup(fileAt(at), group, columns);
    // The latest stands last.
    blocks.delete(key);
    blocks.set(key, read);
    read.catch(() => blocks.delete(key));
    for (const oldest of blocks.keys()) {
      if (blocks.size <= BLOCKS_MAX) break;
      blocks.delete(oldest);
    }
    return read;
  }

  return {
    rows: starts.at(-1)!,
    async read(from, to, columns) {
      const found: TableRow[] = [];
      for (let at = 0; at < files.length; at++) {
        const [start, end] = [starts[at]!, starts[at + 1]!];
        if (end <= from || start >= to) continue;
        const { groups } = await fileAt(at);
        for (let group = 0; group + 1 < groups.length; group++) {
          const [first, last] = [start + groups[group]!, start + groups[group + 1]!];
          if (last <= from || first >= to) continue;
          const rows = await block(at, group, columns);
          found.push(...rows.slice(Math.max(0, from - first), Math.min(last, to) - first));
        }
      }
      return found;
    },
    async *scan(columns) {
      for (let at = 0; at < files.length; at++) {
        const opened = fileAt(at);
        const { groups } = await opened;
        for (let group = 0; group + 1 < groups.length; group++)
          yield { from: starts[at]! + groups[group]!, rows: await readGroup(opened, group, columns) };
      }
    },
  };
}

async function openFile(buffer: AsyncBuffer): Promise<OpenFile> {
  const metadata = await parquetMetadataAsync(buffer, { initialFetchSize: FOOTER_BYTES, geoparquet: false });
  const groups = [0];
  for (const { num_rows } of metadata.row_groups) groups.push(groups.at(-1)! + Number(num_rows));
  return { buffer, metadata, groups };
}

async function readGroup(
  opened: Promise<OpenFile>,
  group: number,
  columns: readonly string[],
): Promise<TableRow[]> {
  const { buffer, metadata, groups } = await opened;
  const rows = await parquetReadObjects({
    ...{ file: buffer, metadata, columns: [...columns], compressors: COMPRESSORS, geoparquet: false },
    ...{ rowStart: groups[group]!, rowEnd: groups[group + 1]! },
  });
  return rows as TableRow[];
}
