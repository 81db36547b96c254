import { join } from 'node:path';
import type { Column, ColumnValue } from '../../../arrow/columnType.js';
import type { Files } from '../../../io/files/files.js';
import { readParquetBlocks } from '../../../io/parquet/readParquet.js';
import type { CommitRecord } from '../../../io/runFolder/manifest.js';

/** A row of the set, or one that the run lost. */
export type RunRow = KeptRunRow | LostRunRow;

export interface KeptRunRow {
  isKept: true;
  seq: number;
  /** Of the wanted columns, in their order. */
  values: readonly ColumnValue[];
}

export interface LostRunRow {
  isKept: false;
  seq: number;
  step: string;
  reason: string;
  kind: 'dropped' | 'rejected';
  message: string;
  /** Only where texts are wanted. */
  question: string | null;
  reply: string | null;
}

export interface RowsRequest {
  /** The run folder. */
  folder: string;
  commits: readonly CommitRecord[];
  /** Columns of the set that are wanted of its rows. */
  columns: readonly Column[];
  /** Whether shards have a column `seq`; without it the rows of a commit come first, then those that it lost. */
  hasSeq: boolean;
  /** Also the question and the reply of lost rows. */
  withTexts: boolean;
}

const SEQ: Column = { name: 'seq', type: 'int32', help: '' };
const LOST: readonly Column[] = ['seq', 'step', 'reason', 'kind', 'message'].map((name) => ({
  name,
  type: name === 'seq' ? 'int32' : 'string',
  help: '',
}));
const TEXTS: readonly Column[] = ['question', 'reply'].map((name) => ({
  ...{ name, type: 'string', help: '', nullable: true },
}));

/** The rows of commits by their positions, kept and lost ones together, two row groups in memory at a time. Throws as readers do. */
export async function* runRows(files: Files, request: RowsRequest): AsyncGenerator<RunRow> {
  for (const commit of request.commits)
    yield* merged(keptRows(files, request, commit), lostRows(files, request, commit));
}

async function* keptRows(
  files: Files,
  { folder, columns, hasSeq }: RowsRequest,
  { shard }: CommitRecord,
): AsyncGenerator<KeptRunRow> {
  if (!shard) return;
  const wanted = [...(hasSeq ? [SEQ] : []), ...columns];
  // Without any wanted column there would be no row to count.
  if (wanted.length === 0) {
    for (let at = 0; at < shard.rows; at++) yield { isKept: true, seq: -1, values: [] };
    return;
  }
  for await (const { values } of readParquetBlocks(files, {
    paths: [join(folder, shard.file)],
    columns: wanted,
  })) {
    const own = hasSeq ? values.slice(1) : values;
    for (let at = 0; at < values[0]!.length; at++) {
      const seq = hasSeq ? Number(values[0]![at]) : -1;
      yield { isKept: true, seq, values: own.map((column) => column[at]!) };
    }
  }
}

async function* lostRows(
  files: Files,
  { folder, withTexts }: RowsRequest,
  { rejects }: CommitRecord,
): AsyncGenerator<LostRunRow> {
  if (!rejects) return;
  const columns = withTexts ? [...LOST, ...TEXTS] : LOST;
  for await (const { values } of readParquetBlocks(files, { paths: [join(folder, rejects.file)], columns })) {
    const [seqs, steps, reasons, kinds, messages, questions, replies] = values as unknown as (
      string | null
    )[][];
    for (let at = 0; at < seqs!.length; at++) {
      yield {
        ...{ isKept: false, seq: Number(seqs![at]), step: steps![at]!, reason: reasons![at]! },
        kind: kinds![at] === 'rejected' ? 'rejected' : 'dropped',
        message: messages![at]!,
        ...{ question: questions?.[at] ?? null, reply: replies?.[at] ?? null },
      };
    }
  }
}

/** Two streams in order as one. */
async function* merged(one: AsyncGenerator<RunRow>, other: AsyncGenerator<RunRow>): AsyncGenerator<RunRow> {
  try {
    let [a, b] = [await one.next(), await other.next()];
    while (!a.done || !b.done) {
      if (b.done || (!a.done && a.value.seq <= b.value.seq)) {
        yield a.value!;
        a = await one.next();
      } else {
        yield b.value;
        b = await other.next();
      }
    }
  } finally {
    // Who stops reading leaves no file open.
    await one.return(undefined);
    await other.return(undefined);
  }
}

/**
 * Commits whose rows are at most so many, and their files at most so many bytes: all, or some that lie evenly among them, at least one.
 * Which ones follows from the manifest alone.
 */
export function pickCommits(
  commits: readonly CommitRecord[],
  { rowsMax, bytesMax }: { rowsMax: number; bytesMax: number },
): readonly CommitRecord[] {
  const rowsOf = ({ shard, rejects }: CommitRecord): number => (shard?.rows ?? 0) + (rejects?.rows ?? 0);
  const bytesOf = ({ shard, rejects }: CommitRecord): number => (shard?.bytes ?? 0) + (rejects?.bytes ?? 0);
  const full = commits.filter((commit) => rowsOf(commit) > 0);
  const fits = (picked: readonly CommitRecord[]): boolean =>
    picked.reduce((sum, commit) => sum + rowsOf(commit), 0) <= rowsMax &&
    picked.reduce((sum, commit) => sum + bytesOf(commit), 0) <= bytesMax;
  for (let count = full.length; count > 1; count = Math.min(count - 1, Math.floor(count * 0.9))) {
    const picked = Array.from({ length: count }, (_, at) => full[Math.floor((at * full.length) / count)]!);
    if (fits(picked)) return picked;
  }
  return full.slice(0, 1);
}
