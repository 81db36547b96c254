import { join } from 'node:path';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import { hashBytes, publish, removeQuietly, temporaryPath, writeAtomic } from '../files/atomicFile.js';
import { type Files, type OpenFile, readWhole } from '../files/files.js';
import { compressZstd, loadZstd } from '../parquet/zstd.js';
import type { FileRecord } from '../runFolder/manifest.js';
import { readParquetBlocks } from '../parquet/readParquet.js';
import { renderExportCard } from './exportCard.js';
import { type ExportConfig, describeExport, openExport } from './registry.js';

export const EXPORTS_FOLDER = 'exports';

/** Says what an export was made of, so that the same export is not written again. */
const RECORD_FILE = 'export.json';

export interface ExportOptions {
  /** The run folder. */
  run: string;
  /** Committed shards, in order. */
  shards: readonly FileRecord[];
  /** The format with its options. The same shards with the same options are not written again. */
  config: ExportConfig;
  /** A folder of the export's own. */
  folder: string;
  name: string;
  zstdLevel?: number;
}

export interface WrittenExport {
  rows: number;
  /** Rows of the set that the format leaves out, such as those without a pair. */
  leftOut: number;
}

/**
 * Writes a run's rows in the form that a training framework takes, as Parquet with a card: `datasets.load_dataset(folder)`
 * gives the set. It writes one file a shard, and each is whole or not there. Throws ERR_IO_READ, ERR_IO_WRITE; ERR_DATA_INVALID for a run
 * without a column that the format reads.
 */
export async function writeExport(files: Files, options: ExportOptions): Promise<WrittenExport> {
  const { folder, config, shards } = options;
  const made = { config, shards: shards.map(({ sha256 }) => sha256) };
  const before = await readRecord(files, folder);
  if (before && JSON.stringify(before.made) === JSON.stringify(made)) return before.written;
  await loadZstd();
  await files.mkdir(folder);
  await clear(files, folder);
  const written: WrittenExport = { rows: 0, leftOut: 0 };
  for (const [index, shard] of shards.entries()) {
    const { rows, leftOut } = await exportShard(files, options, shard, exportFile(index));
    written.rows += rows;
    written.leftOut += leftOut;
  }
  const contents = hashBytes(new TextEncoder().encode(JSON.stringify(made)));
  const { name } = options;
  await writeAtomic(files, join(folder, 'README.md'), renderExportCard({ name, config, written, contents }));
  await writeAtomic(files, join(folder, RECORD_FILE), `${JSON.stringify({ made, written })}\n`);
  return written;
}

function exportFile(index: number): string {
  return `train-${`${index}`.padStart(5, '0')}.parquet`;
}

async function readRecord(
  files: Files,
  folder: string,
): Promise<{ made: object; written: WrittenExport } | null> {
  if (!(await files.stat(join(folder, RECORD_FILE)))) return null;
  try {
    return JSON.parse(new TextDecoder().decode(await readWhole(files, join(folder, RECORD_FILE)))) as never;
  } catch {
    return null;
  }
}

/** Removes the files of an earlier export. The record goes first: without it nothing else counts. */
async function clear(files: Files, folder: string): Promise<void> {
  await removeQuietly(files, join(folder, RECORD_FILE));
  for (const name of await files.readdir(folder)) {
    if (/^train-\d{5,}\.parquet(\.tmp)?$/.test(name)) await files.unlink(join(folder, name));
    else if (name !== 'README.md' && !name.endsWith('.tmp')) throw foreignFile(folder, name);
  }
}

function foreignFile(folder: string, name: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `cannot export to ${folder}: it holds "${name}", which no export has written. Choose an empty folder.`,
    { data: { path: folder } },
  );
}

async function exportShard(
  files: Files,
  { run, config, folder, zstdLevel = 3 }: ExportOptions,
  shard: FileRecord,
  name: string,
): Promise<WrittenExport> {
  const { reads, writes } = describeExport(config);
  const convert = openExport(config);
  const columns = Object.entries(reads).map(([column, type]): Column => ({ name: column, type, help: '' }));
  const path = join(folder, name);
  const buffer = new ByteWriter();
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [{ name: 'root', num_children: writes.length }, ...writes.flat()],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => compressZstd(input, zstdLevel) },
    createdBy: 'scalequest',
  });
  const written: WrittenExport = { rows: 0, leftOut: 0 };
  const file = await files.open(temporaryPath(path), 'write');
  try {
    for await (const { values } of readParquetBlocks(files, { paths: [join(run, shard.file)], columns })) {
      const rows = values[0]!.map((_, at) =>
        convert(Object.fromEntries(columns.map((column, number) => [column.name, values[number]![at]]))),
      );
      const kept = rows.filter((converted) => converted !== null);
      written.rows += kept.length;
      written.leftOut += rows.length - kept.length;
      if (kept.length === 0) continue;
      const columnData = writes.map(([element]) => ({
        name: element!.name,
        data: kept.map((converted) => converted[element!.name]),
      }));
      void writer.write({ columnData, rowGroupSize: kept.length });
      await drain(buffer, file);
    }
    void writer.finish();
    await drain(buffer, file);
    await file.sync();
  } finally {
    await file.close();
  }
  if (written.rows === 0) await files.unlink(temporaryPath(path));
  else await publish(files, temporaryPath(path), path);
  return written;
}

async function drain(buffer: ByteWriter, file: OpenFile): Promise<void> {
  await file.write(buffer.getBytes().slice());
  buffer.index = 0;
}
