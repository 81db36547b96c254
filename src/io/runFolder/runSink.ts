import { join } from 'node:path';
import { Schema, type RecordBatch } from 'apache-arrow';
import { arrowField } from '../../arrow/arrowType.js';
import { type Column } from '../../arrow/columnType.js';
import { selectColumns } from '../../arrow/columns.js';
import { type WrittenFile, temporaryPathAbove } from '../files/atomicFile.js';
import { type StartEncoder, createEncoderThread } from '../parquet/encoderThread.js';
import type { Files } from '../files/files.js';
import type { FileRecord } from './manifest.js';
import { type RunFolder } from './runFolder.js';
import { rejectsFile, shardFile, stateFile } from './runPaths.js';
import { type RejectRow, openRejectsWriter } from './rejectsWriter.js';
import { type ShardWriter, openShardWriter } from '../parquet/shardWriter.js';
import { shareEncoder } from '../parquet/sharedEncoder.js';
import { openStateWriter } from './state/stateFile.js';
import type { StateEntry } from './state/stateFrames.js';

/** One commit: the rows and events appended before it become durable with it. */
export interface RunCommit {
  next: number;
  kept: number;
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
  /** Lost rows and what steps add to their states. */
  appendEvents(events: { lost: readonly RejectRow[]; deltas: readonly StateEntry[] }): Promise<void>;
  commit(commit: RunCommit): Promise<void>;
  /** Drops rows that are not committed and ends the writer's thread. The folder's manifest stays open. */
  close(): Promise<void>;
}

export function openRunSink(files: Files, folder: RunFolder, options: RunSinkOptions): RunSink {
  const { columns, metadata, rowGroupRows, zstdLevel, startEncoder = createEncoderThread } = options;
  const schema = new Schema(columns.map(arrowField));
  const names = columns.map(({ name }) => name);
  const shardOptions = { schema, metadata, rowGroupRows, zstdLevel };
  const { forShards, forRejects } = shareEncoder(startEncoder, shardOptions);
  const writer: ShardWriter = openShardWriter(files, shardOptions, forShards);
  let index = folder.manifest.content.commits.length;
  let isOpen = false;
  let { rejects, state } = openOthers();

  function openOthers() {
    const [rejectsPath, statePath] = [rejectsFile(index), stateFile(index)].map((file) =>
      join(folder.path, file),
    );
    return {
      rejects: openRejectsWriter(files, rejectsPath!, temporaryPathAbove(files, rejectsPath!), forRejects),
      state: openStateWriter(files, statePath!, temporaryPathAbove(files, statePath!)),
    };
  }

  return {
    async append(rows) {
      if (rows.numRows === 0) return;
      if (!isOpen) await openShard(join(folder.path, shardFile(index)));
      isOpen = true;
      await writer.write(selectColumns(rows, names));
    },
    async appendEvents({ lost, deltas }) {
      await rejects.write(lost);
      await state.write(deltas);
    },
    async commit({ next, kept, counts, done }) {
      const shard = isOpen ? { file: shardFile(index), ...(await writer.finish()) } : null;
      isOpen = false;
      const written = {
        shard,
        rejects: named(rejectsFile(index), await rejects.finish()),
        state: named(stateFile(index), await state.finish()),
      };
      const record = { kind: 'commit', index, next, kept, ...written } as const;
      await folder.manifest.append({ ...record, counts: { ...counts }, done });
      index += 1;
      ({ rejects, state } = openOthers());
    },
    async close() {
      // First of all it ends the thread, for which lost rows may be waiting.
      try {
        await writer.close();
      } finally {
        await rejects.abort();
        await state.abort();
      }
    },
  };

  function openShard(path: string): Promise<void> {
    return writer.open(path, temporaryPathAbove(files, path));
  }
}

function named(file: string, written: WrittenFile | null): FileRecord | null {
  return written && { file, ...written };
}
