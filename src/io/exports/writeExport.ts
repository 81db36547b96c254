import { basename, dirname, join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import { hashedFile, publish, removeQuietly, temporaryPath } from '../files/atomicFile.js';
import type { Files } from '../files/files.js';
import { loadZstd } from '../parquet/zstd.js';
import type { FileRecord } from '../runFolder/manifest.js';
import { readParquetBlocks } from '../parquet/readParquet.js';
import { exportDamage, exportRecordFile, readExportRecord, writeExportRecord } from './exportRecord.js';
import type { FileType } from './fileType.js';
import { rowWriter } from './rowWriter.js';
import { type ExportConfig, describeExport, openExport } from './registry.js';

export const EXPORTS_FOLDER = 'exports';

export interface ExportOptions {
  /** The run folder. */
  run: string;
  /** Committed shards, in order. */
  shards: readonly FileRecord[];
  /** The format with its options. The same shards with the same options are not written again. */
  config: ExportConfig;
  /** A folder of the export's own. Its record and its temporary files stand beside it. */
  folder: string;
  zstdLevel?: number;
}

export interface WrittenExport {
  rows: number;
  /** Rows of the set that the format leaves out, such as those without a pair. */
  leftOut: number;
}

/**
 * Writes a run's rows in the form that a training framework takes, as Parquet or JSON lines: one file a shard, each whole or not
 * there, and nothing else in the folder. `datasets.load_dataset(folder)` gives the set, and so does any reader of a folder of such files.
 * An export whose files are still as they were written is not written again; a damaged one is. Throws ERR_IO_READ, ERR_IO_WRITE;
 * ERR_DATA_INVALID for a run without a column that the format reads.
 */
export async function writeExport(files: Files, options: ExportOptions): Promise<WrittenExport> {
  const { folder, config, shards } = options;
  const made = { config, shards: shards.map(({ sha256 }) => sha256) };
  await removeRemainders(files, folder);
  const before = await readExportRecord(files, folder);
  const isSame = before !== null && JSON.stringify(before.made) === JSON.stringify(made);
  if (isSame && (await exportDamage(files, folder, before)) === null) return before.written;
  await loadZstd();
  await files.mkdir(folder);
  await clear(files, folder);
  const parts: ExportedShard[] = [];
  for (const [index, shard] of shards.entries())
    parts.push(await exportShard(files, options, shard, exportFile(index, config.fileType)));
  const written = {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    leftOut: parts.reduce((sum, { leftOut }) => sum + leftOut, 0),
  };
  await writeExportRecord(files, folder, { made, written, files: parts.flatMap(({ file }) => file ?? []) });
  return written;
}

function exportFile(index: number, fileType: FileType = 'parquet'): string {
  return `train-${`${index}`.padStart(5, '0')}.${fileType}`;
}

/** The name of a file until it is whole. It stands beside the folder. */
function temporaryFile(files: Files, folder: string, name: string): string {
  return temporaryPath(files, join(dirname(folder), `${basename(folder)}.${name}`));
}

/** Removes what a crash has left of files that were not whole yet. */
async function removeRemainders(files: Files, folder: string): Promise<void> {
  const above = dirname(folder);
  for (const name of (await files.stat(above)) ? await files.readdir(above) : []) {
    const isOurs = name.startsWith(`${basename(folder)}.`) && name.endsWith('.tmp');
    if (isOurs) await removeQuietly(files, join(above, name));
  }
}

/** Removes the files of an earlier export. The record goes first: without it nothing else counts. */
async function clear(files: Files, folder: string): Promise<void> {
  await removeQuietly(files, exportRecordFile(folder));
  for (const name of await files.readdir(folder)) {
    const isOurs = /^train-\d{5,}\.(?:parquet|jsonl)(?:\.tmp)?$/.test(name) || OLDER_FILES.includes(name);
    if (!isOurs) throw foreignFile(folder, name);
    await files.unlink(join(folder, name));
  }
}

/** Older versions wrote a card and a record into the folder. */
const OLDER_FILES = ['README.md', 'README.md.tmp', 'export.json', 'export.json.tmp'];

function foreignFile(folder: string, name: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `cannot export to ${folder}: it holds "${name}", which no export has written. Choose an empty folder.`,
    { data: { path: folder } },
  );
}

interface ExportedShard extends WrittenExport {
  /** Null where no row of the shard gave one. */
  file: FileRecord | null;
}

async function exportShard(
  files: Files,
  { run, config, folder, zstdLevel = 3 }: ExportOptions,
  shard: FileRecord,
  name: string,
): Promise<ExportedShard> {
  const { reads, writes } = describeExport(config);
  const convert = openExport(config);
  const columns = Object.entries(reads).map(([column, type]): Column => ({
    ...{ name: column, type, help: '' },
    // A row without a chat is left out; a text that is missing is a mistake.
    nullable: type === 'messages',
  }));
  const path = join(folder, name);
  const temporary = temporaryFile(files, folder, name);
  const written: WrittenExport = { rows: 0, leftOut: 0 };
  const file = hashedFile(await files.open(temporary, 'write'));
  const writer = rowWriter(config.fileType ?? 'parquet', file, writes, zstdLevel);
  try {
    for await (const { values } of readParquetBlocks(files, { paths: [join(run, shard.file)], columns })) {
      const rows = values[0]!.map((_, at) =>
        convert(Object.fromEntries(columns.map((column, number) => [column.name, values[number]![at]]))),
      );
      const kept = rows.filter((converted) => converted !== null);
      written.rows += kept.length;
      written.leftOut += rows.length - kept.length;
      if (kept.length === 0) continue;
      await writer.write(kept);
    }
    await writer.end();
    await file.sync();
  } catch (error) {
    await removeQuietly(files, temporary);
    throw error;
  } finally {
    await file.close();
  }
  if (written.rows === 0) {
    await files.unlink(temporary);
    return { ...written, file: null };
  }
  await publish(files, temporary, path).catch(async (error: unknown) => {
    await removeQuietly(files, temporary);
    throw error;
  });
  return { ...written, file: { file: name, rows: written.rows, ...file.written() } };
}
