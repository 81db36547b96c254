import type { Observable } from 'rxjs';
import { seqBatch } from '../arrow/columns.js';
import { columnValues } from '../arrow/read.js';
import type { Batch } from '../flow/batch.js';
import type { AnyColumns, PlainRow } from '../flow/steps/columnTypes.js';
import type { CommitSink, Totals } from '../flow/commitShards.js';
import type { ReadRows } from '../flow/gate.js';
import { type Resume, streamRows } from './stream/streamRows.js';

/** How far a stream reads, how much of it is held in memory, and what its first rows are. */
export interface StreamOptions<Source = SeqOnly> {
  /** End at exactly so many kept rows. */
  target?: number;
  /** End after so many source rows. One of the two is needed unless `read` ends. */
  limit?: number;
  /**
   * How many rows the source may run ahead of the last row that was delivered: the bound on memory.
   * @default 2048
   */
  windowRows?: number;
  /**
   * Rows of one record batch.
   * @default 32
   */
  batchRows?: number;
  /** Rows to begin with, as `fromRows` gives them; rows with their position `seq` alone, if absent. */
  read?: ReadRows<Source>;
  /** Stops the stream: calls in flight are cancelled, and the promise rejects with ERR_CANCELLED. */
  signal?: AbortSignal;
}

/**
 * The operators, one behind the other: `(rows) => rows.pipe(generate(…), deduplicate(…), …)`. `restored` is for the context of
 * stateful operators, when `writeShards` goes on with a run.
 */
export type Connect<Source = SeqOnly, Kept = AnyColumns> = (
  source: Observable<Batch<Source>>,
  restored: Resume['restored'],
) => Observable<Batch<Kept>>;

/** The columns of a source that gives no rows of its own. */
export interface SeqOnly {
  /** Position of the row in the source, from 0. */
  readonly seq: number;
}

/** What `collectRows` gives. */
export interface CollectedRows<Kept> {
  /** The kept rows, in the order of the source. */
  rows: PlainRow<Kept>[];
  /** How many source positions were read, and how many rows each step lost. */
  totals: Totals;
}

/**
 * Runs a stream and gives its kept rows as plain objects, with how many source positions it read and how many rows each step
 * lost: for small sets that fit into memory.
 *
 * @throws ERR_CANCELLED, and whatever ends a run: see ERROR_CODES.
 * @example
 * const { rows, totals } = await collectRows({ target: 10 }, (source) =>
 *   source.pipe(generate({ generators: [{ model: 'tiny' }] }, context), respond({ model: 'tiny' }, context)),
 * );
 */
export async function collectRows<Kept, Source = SeqOnly>(
  options: StreamOptions<Source>,
  connect: Connect<Source, Kept>,
): Promise<CollectedRows<Kept>> {
  const rows: PlainRow<Kept>[] = [];
  const sink: CommitSink = {
    async append(batch) {
      const names = batch.schema.fields.map(({ name }) => name);
      const columns = names.map((name) => columnValues(batch, name));
      for (let row = 0; row < batch.numRows; row++) {
        rows.push(Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])) as PlainRow<Kept>);
      }
    },
    appendEvents: async () => {},
    commit: async () => {},
  };
  const settings = { ...streamSettings(options), shardRows: Number.MAX_SAFE_INTEGER };
  const { signal, read = positionsOnly } = options;
  const totals = await streamRows(settings, { read, sink, signal }, (source) =>
    connect(source as Observable<Batch<Source>>, undefined),
  );
  return { rows, totals };
}

/** With the defaults of pipeline files. */
export function streamSettings({
  target,
  limit,
  windowRows = 2048,
  batchRows = 32,
}: Omit<StreamOptions, 'read'>) {
  return { target, limit, windowRows, batchRows };
}

/** Rows with nothing but their position: `generate` fills them. */
export function positionsOnly(lo: number, rowsMax: number): ReturnType<ReadRows> {
  return seqBatch(lo, lo + rowsMax);
}
