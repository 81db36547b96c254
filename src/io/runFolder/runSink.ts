import { join } from 'node:path';
import { Schema, type RecordBatch } from 'apache-arrow';
import { arrowField } from '../../arrow/arrowType.js';
import { type Column } from '../../arrow/columnType.js';
import { selectColumns } from '../../arrow/columns.js';
import { type WrittenFile, temporaryPathAbove } from '../files/atomicFile.js';
import type { StartEncoder } from '../parquet/encoderThread.js';
import type { Files } from '../files/files.js';
import type { FileRecord } from './manifest.js';
import { type RunFolder } from './runFolder.js';
import { rejectsFile, shardFile, stateFile } from './runPaths.js';
import { type RejectRow, writeRejects } from './rejectsWriter.js';
import { type ShardWriter, openShardWriter } from '../parquet/shardWriter.js';
import { type StateEntry, writeState } from './stateFile.js';

/** One commit: the rows appended before it become durable with it. */
export interface RunCommit {
  next: number;
  kept: number;
  lost: readonly RejectRow[];
  deltas: readonly StateEntry[];
  counts: Readonly<Record<string, number>>;
  done: boolean;
}

export interface RunSinkOptions {
  columns: readonly Column[];
  /** Key-value metadata of every shard. */
  metadata: Readonly<Record<string, string>>;
  rowGroupRows: number;
  zstdLevel: number;
  /** A worker thread if absent. */
  startEncoder?: StartEncoder | undefined;
}

/** Commits into a run folder: first shard, rejects and state, then the manifest's record, which makes the commit happen. */
export interface RunSink {
  append(rows: RecordBatch): Promise<void>;
  commit(commit: RunCommit): Promise<void>;
  /** Drops rows that are not committed and ends the writer's thread. The folder's manifest stays open. */
  close(): Promise<void>;
}

export function openRunSink(files: Files, folder: RunFolder, options: RunSinkOptions): RunSink {
  const { columns, metadata, rowGroupRows, zstdLevel, startEncoder } = options;
  const schema = new Schema(columns.map(arrowField));
  const names = columns.map(({ name }) => name);
  const writer: ShardWriter = openShardWriter(
    files,
    { schema, metadata, rowGroupRows, zstdLevel },
    startEncoder,
  );
  let index = folder.manifest.content.commits.length;
  let isOpen = false;

  return {
    async append(rows) {
      if (rows.numRows === 0) return;
      if (!isOpen) await openShard(join(folder.path, shardFile(index)));
      isOpen = true;
      await writer.write(selectColumns(rows, names));
    },
    async commit({ next, kept, lost, deltas, counts, done }) {
      const shard = isOpen ? { file: shardFile(index), ...(await writer.finish()) } : null;
      isOpen = false;
      const rejects = await named(rejectsFile(index), (path) =>
        writeRejects(files, path, lost, temporaryPathAbove(path)),
      );
      const state = await named(stateFile(index), (path) =>
        writeState(files, path, deltas, temporaryPathAbove(path)),
      );
      const record = { kind: 'commit', index, next, kept, shard, rejects, state } as const;
      await folder.manifest.append({ ...record, counts: { ...counts }, done });
      index += 1;
    },
    async close() {
      if (isOpen) await writer.abort().catch(() => {});
      await writer.close();
    },
  };

  function openShard(path: string): Promise<void> {
    return writer.open(path, temporaryPathAbove(path));
  }

  async function named(
    file: string,
    write: (path: string) => Promise<WrittenFile | null>,
  ): Promise<FileRecord | null> {
    const written = await write(join(folder.path, file));
    return written && { file, ...written };
  }
}
