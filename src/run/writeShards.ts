import type { Observable } from 'rxjs';
import type { Column } from '../arrow/columnType.js';
import { systemClock } from '../clock.js';
import type { Batch } from '../flow/batch.js';
import type { ColumnsWritten } from '../flow/steps/columnTypes.js';
import type { Commit, Totals } from '../flow/commitShards.js';
import { type Files, nodeFiles } from '../io/files/files.js';
import { RUN_FORMAT_VERSION } from '../io/runFolder/manifest.js';
import { writeCard } from '../io/runFolder/card.js';
import { contentsOf, isComplete, totalsOf } from '../io/runFolder/commits.js';
import { type RunFolder, makeRunFolder, openRunFolder } from '../io/runFolder/runFolder.js';
import { holdRunFolder } from '../io/runFolder/takeOver.js';
import {
  type Connect,
  type SeqOnly,
  type StreamOptions,
  positionsOnly,
  streamSettings,
} from './collectRows.js';
import { fillFolder } from './stream/fillFolder.js';
import { streamRows } from './stream/streamRows.js';

/** Where a stream is written, and how its files are cut. */
export interface ShardsOptions<
  Columns extends readonly Column[] = readonly Column[],
  Source = SeqOnly,
> extends StreamOptions<Source> {
  /** A new or empty folder, or one with a run of the same `identity`: that one goes on from its last commit. */
  folder: string;
  /** A text of yours that stands for everything that decides the rows. Change it whenever one of these changes. */
  identity: string;
  /** Names the set in its shards. */
  name: string;
  /** Written into the shards beside the name. */
  seed: number;
  /** The columns to write, in order. */
  columns: Columns;
  /**
   * Rows of a shard; each is one commit. A commit also comes ten times as many source rows after the one before, 10,000 at
   * least: its shard holds fewer rows, or there is none.
   * @default 10000
   */
  shardRows?: number;
  /**
   * Rows of a row group in a shard.
   * @default 4096
   */
  rowGroupRows?: number;
  /**
   * From 1 (fast) to 22 (small).
   * @default 3
   */
  zstdLevel?: number;
  /**
   * Take the folder from any process that holds it, also one on another machine. Should that process still be at work, it ends
   * with ERR_RUN_TAKEN_OVER.
   * @default false
   */
  takeOver?: boolean;
}

/**
 * Runs a stream into Parquet shards, a table of lost rows, states and a manifest, as `scalequest run` does. The totals are of
 * the whole run, earlier starts of it included.
 *
 * @throws ERR_RUN_FOLDER for a folder that holds something else, another run, or one that another process works in;
 * ERR_RUN_TAKEN_OVER when another process has taken it meanwhile; ERR_IO_WRITE; ERR_CANCELLED; and whatever ends a run.
 * @example
 * const totals = await writeShards(
 *   { folder: 'runs/mine', identity: 'v1', name: 'mine', seed: 7, columns, target: 1000 },
 *   (source, restored) => source.pipe(generate(options, context), deduplicate({}, { ...context, restored })),
 * );
 */
export async function writeShards<const Columns extends readonly Column[], Source = SeqOnly>(
  options: ShardsOptions<Columns, Source>,
  connect: Connect<Source, ColumnsWritten<Columns>>,
): Promise<Totals> {
  const { folder: path, identity, name, seed, takeOver = false } = options;
  const run = {
    kind: 'run',
    version: RUN_FORMAT_VERSION,
    ...{ identity, name, seed },
    parts: { identity },
  } as const;
  await makeRunFolder(nodeFiles, path);
  const lock = await holdRunFolder(nodeFiles, path, systemClock.sleep, takeOver);
  const { files } = lock;
  try {
    const folder = await openRunFolder(files, path, run);
    try {
      if (isComplete(folder)) return totalsOf(folder);
      const { columns, shardRows = 10_000, rowGroupRows = 4096, zstdLevel = 3, signal } = options;
      const metadata = { scalequest: JSON.stringify({ format: RUN_FORMAT_VERSION, name, seed }) };
      const settings = { ...streamSettings(options), shardRows };
      const { read = positionsOnly } = options;
      const card = (): Promise<void> => writeProgramCard(files, folder, name, columns);
      await fillFolder(files, folder, { columns, metadata, rowGroupRows, zstdLevel }, (resume, sink) => {
        const cardedSink = { ...sink, commit: (cut: Commit) => sink.commit(cut).then(card) };
        return streamRows(settings, { read, sink: cardedSink, resume, signal }, (source) =>
          connect(source as Observable<Batch<Source>>, resume.restored),
        );
      });
      return totalsOf(folder);
    } finally {
      await folder.manifest.close();
    }
  } catch (error) {
    throw await lock.lossBehind(error);
  } finally {
    await lock.release();
  }
}

/** With a card the folder loads as the rows that are committed so far. Which steps led to them only the program knows. */
function writeProgramCard(
  files: Files,
  folder: RunFolder,
  name: string,
  columns: readonly Column[],
): Promise<void> {
  const isDone = isComplete(folder);
  const rows = totalsOf(folder).kept;
  const card = { name, rows, contents: contentsOf(folder), columns };
  return writeCard(files, folder.path, { ...card, ...(isDone ? { funnel: [] } : {}) });
}
