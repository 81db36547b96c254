import { systemClock } from './clock.js';
import type { Observable } from 'rxjs';
import type { Column } from './arrow/columnType.js';
import { columnValues } from './arrow/read.js';
import { seqBatch } from './arrow/columns.js';
import type { Batch } from './flow/batch.js';
import type { AnyColumns, ColumnsWritten, PlainRow } from './flow/columnTypes.js';
import { type CommitSink, type Totals, commitShards } from './flow/commitShards.js';
import { type ReadRows, createGate } from './flow/gate.js';
import { untilAborted } from './flow/untilAborted.js';
import { nodeFiles } from './io/files/files.js';
import { RUN_FORMAT_VERSION } from './io/run/manifest.js';
import { readPromptFile } from './io/files/packageFiles.js';
import { type RunFolder, isComplete, openRunFolder, resumeOf, totalsOf } from './io/run/runFolder.js';
import { makeFolder } from './io/files/atomicFile.js';
import { lockRunFolder } from './io/run/runLock.js';
import { openRunSink } from './io/run/runSink.js';
import type { RunContext } from './operators/lib/operator.js';
import { promptWrapperFrom } from './pipeline/promptWrapper.js';
import { NOTHING_YET, type Resume } from './run/runPlan.js';

/** For programs: the operators in a plain RxJS pipe, without a pipeline file. */

export interface StreamOptions<Source = SeqOnly> {
  /** End at exactly so many kept rows. */
  target?: number;
  /** End after so many source rows. One of the two is needed unless `read` ends. */
  limit?: number;
  windowRows?: number;
  batchRows?: number;
  /** Rows to begin with, as `fromRows` gives them; rows with their position `seq` alone, if absent. */
  read?: ReadRows<Source>;
  signal?: AbortSignal;
}

/**
 * The operators, one behind the other: `(rows) => rows.pipe(generate(…), deduplicate(…), …)`. `restored` is for the context of
 * operators with memory, where `writeShards` goes on with a run.
 */
export type Connect<Source = SeqOnly, Kept = AnyColumns> = (
  source: Observable<Batch<Source>>,
  restored: Resume['restored'],
) => Observable<Batch<Kept>>;

/** The columns of a source that gives no rows of its own. */
export interface SeqOnly {
  readonly seq: number;
}

/** What operators are given; prompts are the built-in ones unless `prompt` says otherwise. */
export function createContext(
  context: Pick<RunContext, 'seed' | 'models'> & Partial<RunContext>,
): RunContext {
  return { prompt: readPromptFile, promptWrapper: promptWrapperFrom('.'), ...context };
}

/** Runs a stream and gives its kept rows as plain objects: for small sets that fit into memory. */
export async function collectRows<Kept, Source = SeqOnly>(
  options: StreamOptions<Source>,
  connect: Connect<Source, Kept>,
): Promise<{ rows: PlainRow<Kept>[]; totals: Totals }> {
  const rows: PlainRow<Kept>[] = [];
  const sink: CommitSink = {
    async append(batch) {
      const names = batch.schema.fields.map(({ name }) => name);
      const columns = names.map((name) => columnValues(batch, name));
      for (let row = 0; row < batch.numRows; row++) {
        rows.push(Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])) as PlainRow<Kept>);
      }
    },
    commit: async () => {},
  };
  const totals = await drain(options, connect, sink, Number.MAX_SAFE_INTEGER);
  return { rows, totals };
}

export interface ShardsOptions<
  Columns extends readonly Column[] = readonly Column[],
  Source = SeqOnly,
> extends StreamOptions<Source> {
  /** A new or empty folder, or one with a run of the same `identity`: that one goes on from its last commit. */
  folder: string;
  /** Stands for everything that decides the rows: change it whenever one of these changes. */
  identity: string;
  name: string;
  seed: number;
  /** The columns to write, in order. */
  columns: Columns;
  shardRows?: number;
  rowGroupRows?: number;
  zstdLevel?: number;
}

/**
 * Runs a stream into Parquet shards, a table of lost rows, states and a manifest, as `scalequest run` does. The totals are of
 * the whole run, earlier starts of it included.
 */
export async function writeShards<const Columns extends readonly Column[], Source = SeqOnly>(
  options: ShardsOptions<Columns, Source>,
  connect: Connect<Source, ColumnsWritten<Columns>>,
): Promise<Totals> {
  const { folder: path, identity, name, seed } = options;
  const run = {
    kind: 'run',
    version: RUN_FORMAT_VERSION,
    identity,
    name,
    seed,
    parts: { identity },
  } as const;
  await makeFolder(nodeFiles, path);
  const lock = await lockRunFolder(nodeFiles, path, systemClock.sleep);
  try {
    const folder = await openRunFolder(nodeFiles, path, run);
    try {
      if (!isComplete(folder)) await fill(folder, options, connect);
      return totalsOf(folder);
    } finally {
      await folder.manifest.close();
    }
  } finally {
    await lock.release();
  }
}

async function fill(
  folder: RunFolder,
  options: ShardsOptions<readonly Column[], AnyColumns>,
  connect: Connect<AnyColumns>,
): Promise<void> {
  const { name, seed, columns, shardRows = 10_000, rowGroupRows = 4096, zstdLevel = 3 } = options;
  const resume = await resumeOf(nodeFiles, folder);
  const metadata = { scalequest: JSON.stringify({ format: RUN_FORMAT_VERSION, name, seed }) };
  const sink = openRunSink(nodeFiles, folder, { columns, metadata, rowGroupRows, zstdLevel });
  try {
    await drain(options, connect, sink, shardRows, resume);
  } finally {
    await sink.close();
  }
}

function drain(
  options: StreamOptions<AnyColumns>,
  connect: Connect<AnyColumns>,
  sink: CommitSink,
  shardRows: number,
  { from, kept, restored }: Resume = NOTHING_YET,
): Promise<Totals> {
  const { target, limit, windowRows = 2048, batchRows = 32, signal } = options;
  const left = target === undefined ? undefined : target - kept;
  const gate = createGate({ windowRows, batchRows, from, target: left, limit });
  const read: ReadRows = options.read ?? ((lo, rowsMax) => seqBatch(lo, lo + rowsMax));
  const stream = connect(gate.source(read), restored).pipe(untilAborted(signal));
  return commitShards(stream, { gate, sink, shardRows, target, from, keptBefore: kept });
}
