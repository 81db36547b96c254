import { join } from 'node:path';
import type { Column } from '../../arrow/columnType.js';
import type { Files } from '../../io/files/files.js';
import type { CommitRecord } from '../../io/runFolder/manifest.js';
import { readParquetBlocks } from '../../io/parquet/readParquet.js';
import type { FindRejected, RejectedRow } from './storedModel.js';

const COLUMNS: readonly Column[] = [
  { name: 'seq', type: 'int32', help: '' },
  { name: 'kind', type: 'string', help: '' },
  { name: 'reason', type: 'string', help: '' },
  { name: 'message', type: 'string', help: '' },
  { name: 'reply', type: 'string', help: '', nullable: true },
];

/** Tables of lost rows that are held: those of the commits in which the rows of a window lie. */
const TABLES_MAX = 4;

type Table = ReadonlyMap<number, RejectedRow>;

/**
 * Finds the rows of a run that an error rejected, by their position; of several rows of one position the first. The table of a
 * commit is read when a row of it is asked for, so the memory is that of TABLES_MAX commits. What it gives throws ERR_IO_READ.
 */
export function rejectedFinder(files: Files, folder: string, commits: readonly CommitRecord[]): FindRejected {
  /** By the index of the commit, the one that was asked for last at the end. */
  const tables = new Map<number, Promise<Table>>();

  function tableOf(index: number): Promise<Table> {
    const rejects = commits[index]!.rejects;
    const table = tables.get(index) ?? (rejects ? readTable(files, join(folder, rejects.file)) : EMPTY);
    tables.delete(index);
    tables.set(index, table);
    if (tables.size > TABLES_MAX) tables.delete(tables.keys().next().value!);
    return table;
  }

  return async (seq) => {
    const index = firstBehind(commits, seq);
    if (index === commits.length) return undefined;
    const table = await tableOf(index);
    return table.get(seq);
  };
}

const EMPTY: Promise<Table> = Promise.resolve(new Map());

/** The index of the commit in which a position lies; their number where it lies behind all. */
function firstBehind(commits: readonly CommitRecord[], seq: number): number {
  let [lo, hi] = [0, commits.length];
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (commits[middle]!.next > seq) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}

async function readTable(files: Files, path: string): Promise<Table> {
  const rejected = new Map<number, RejectedRow>();
  for await (const { values } of readParquetBlocks(files, { paths: [path], columns: COLUMNS })) {
    const [seqs, kinds, reasons, messages, replies] = values as [
      number[],
      string[],
      string[],
      string[],
      (string | null)[],
    ];
    for (const [row, seq] of seqs.entries()) {
      if (kinds[row] !== 'rejected' || rejected.has(seq)) continue;
      rejected.set(seq, { reason: reasons[row]!, message: messages[row]!, reply: replies[row] ?? null });
    }
  }
  return rejected;
}
