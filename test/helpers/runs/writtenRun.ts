import { buildRows } from '../../../src/arrow/build.js';
import { type Column, type ColumnValue, SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { StartEncoder } from '../../../src/io/parquet/encoderThread.js';
import { openRunFolder } from '../../../src/io/runFolder/runFolder.js';
import { openRunSink } from '../../../src/io/runFolder/runSink.js';
import type { RejectRow } from '../../../src/io/parquet/rejectsEncoder.js';
import { encoderHere } from '../files/encoderHere.js';

/** What becomes of a source position: values of the columns, or why the row is lost. */
export type WrittenRow =
  readonly ColumnValue[] | Pick<RejectRow, 'step' | 'kind' | 'reason' | 'question' | 'reply'>;

export interface WrittenRunOptions {
  folder: string;
  rows: number;
  /** The columns beside `seq`. */
  columns: readonly Column[];
  row(seq: number): WrittenRow;
  seed?: number;
  name?: string;
  parts?: Record<string, string>;
  /** Source positions a commit. */
  commitRows?: number;
  rowGroupRows?: number;
  isDone?: boolean;
  startEncoder?: StartEncoder;
  /** Leaves `seq` out of the set. */
  isWithoutSeq?: boolean;
}

const BATCH_ROWS = 4096;

/** Writes a run folder with the writers of a run, without running one: as large as a test wants. Gives the folder. */
export async function writtenRun(options: WrittenRunOptions): Promise<string> {
  const { folder, rows, columns, seed = 7, name = 'written', parts = {}, isDone = true } = options;
  const {
    commitRows = 50_000,
    rowGroupRows = 4096,
    startEncoder = encoderHere,
    isWithoutSeq = false,
  } = options;
  const opened = await openRunFolder(nodeFiles, folder, {
    ...{ kind: 'run', version: 1, identity: JSON.stringify([name, seed, parts]), name, seed },
    parts: { seed: String(seed), ...parts },
  });
  const kept = isWithoutSeq ? columns : [SEQ_COLUMN, ...columns];
  const sink = openRunSink(nodeFiles, opened, {
    ...{ columns: kept, metadata: {}, rowGroupRows, zstdLevel: 3, startEncoder },
  });
  let keptInAll = 0;
  try {
    for (let from = 0; from < rows; from += commitRows) {
      const next = Math.min(rows, from + commitRows);
      const counts = new Map<string, number>();
      for (let lo = from; lo < next; lo += BATCH_ROWS)
        keptInAll += await writeBatch(sink, options, lo, Math.min(next, lo + BATCH_ROWS), counts);
      const done = isDone && next === rows;
      await sink.commit({ next, kept: keptInAll, counts: Object.fromEntries(counts), done });
    }
  } finally {
    await sink.close();
    await opened.manifest.close();
  }
  return folder;
}

async function writeBatch(
  sink: ReturnType<typeof openRunSink>,
  { columns, row }: WrittenRunOptions,
  lo: number,
  hi: number,
  counts: Map<string, number>,
): Promise<number> {
  const values: ColumnValue[][] = [[], ...columns.map(() => [])];
  const lost: RejectRow[] = [];
  for (let seq = lo; seq < hi; seq++) {
    const found = row(seq);
    if (isValues(found)) [seq, ...found].forEach((value, at) => values[at]!.push(value));
    else {
      lost.push({ seq, seqIndex: 0, message: '', ...found });
      const key = `${found.step} ${found.kind} ${found.reason}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const kept = values[0]!.length;
  await sink.append(buildRows([SEQ_COLUMN, ...columns], values, kept));
  await sink.appendEvents({ lost, deltas: [] });
  return kept;
}

function isValues(row: WrittenRow): row is readonly ColumnValue[] {
  return Array.isArray(row);
}

/** Columns as a run of the quickstart has them. */
export const ANSWER_COLUMNS: readonly Column[] = [
  { name: 'question', type: 'string', help: '' },
  { name: 'response', type: 'string', help: '' },
  { name: 'reward', type: 'float64', help: '' },
];
