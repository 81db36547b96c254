import type { RecordBatch } from 'apache-arrow';
import { buildRows } from '../../arrow/build.js';
import { findFault } from '../../arrow/fault.js';
import { SEQ_COLUMN } from '../../arrow/columns.js';
import type { Column, ColumnValue } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';

export interface SourceOptions {
  /** Files, or folders of files; read in name order. */
  paths: readonly string[];
  /** The columns to read; others are ignored. `seq` is added and cannot be asked for. */
  columns: readonly Column[];
  /** Rows of every batch but the last. */
  batchRows: number;
  /** The source position to start at; positions count all rows of all files from 0. */
  from?: number;
}

/** Rows of one file that follow each other: values[column][row], not checked yet. */
export interface Block {
  file: string;
  /** Number of the first row in its file, from 0. */
  row: number;
  values: unknown[][];
  /** Of each row its line in the file, from 1, where the file has lines. */
  lines?: number[];
}

/**
 * Checks blocks and cuts them into batches with a column `seq`. Throws ERR_DATA_INVALID naming file and row.
 */
export async function* toBatches(
  blocks: AsyncIterable<Block>,
  { columns, batchRows, from = 0 }: SourceOptions,
): AsyncGenerator<RecordBatch> {
  assertNoSeq(columns);
  let seq = from;
  let waiting: ColumnValue[][] = columns.map(() => []);
  let start = 0;

  function cut(rowCount: number): RecordBatch {
    const values = waiting.map((column) => column.slice(start, start + rowCount));
    const seqs = Array.from({ length: rowCount }, (_, at) => seq + at);
    start += rowCount;
    seq += rowCount;
    return buildRows([SEQ_COLUMN, ...columns], [seqs, ...values], rowCount);
  }

  for await (const block of blocks) {
    columns.forEach((column, at) => appendChecked(block, column, block.values[at]!, waiting[at]!));
    while (waiting[0]!.length - start >= batchRows) yield cut(batchRows);
    waiting = waiting.map((column) => column.slice(start));
    start = 0;
  }
  if (waiting[0]!.length > 0) yield cut(waiting[0]!.length);
}

function appendChecked(
  { file, row, lines }: Block,
  column: Column,
  values: readonly unknown[],
  into: ColumnValue[],
): void {
  values.forEach((value, at) => {
    const fault = findFault(column, value);
    if (fault) {
      const message = `column "${column.name}", row ${row + at}: ${fault}${lines ? ROWS_COUNT : ''}.`;
      throw new ScaleQuestError('ERR_DATA_INVALID', message, {
        at: { file, line: lines?.[at] },
        data: { column: column.name, row: row + at },
      });
    }
    into.push(value as ColumnValue);
  });
}

/** Beside a line, which counts from 1, it must be said; rows count as positions do. */
export const ROWS_COUNT = ' (rows count from 0)';

function assertNoSeq(columns: readonly Column[]): void {
  if (columns.length > 0 && columns.every(({ name }) => name !== SEQ_COLUMN.name)) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `found the columns ${columns.map(({ name }) => name).join(', ') || '(none)'} to read, ` +
      `expected at least one, and not "${SEQ_COLUMN.name}": the reader numbers the rows itself.`,
  );
}
