import type { RecordBatch } from 'apache-arrow';
import { buildRows } from '../../arrow/build.js';
import { findFault } from '../../arrow/fault.js';
import { SEQ_COLUMN } from '../../arrow/columnType.js';
import type { Column, ColumnValue } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import { ROWS_FROM_ZERO } from './fileOptions.js';
import type { Block, ReadRequest } from './format.js';

/** Checks the values of blocks and makes batches of `batchRows` rows with a column `seq`. Throws ERR_DATA_INVALID naming file and row. */
export async function* toBatches(
  blocks: AsyncIterable<Block>,
  { columns, batchRows, from = 0 }: Pick<ReadRequest, 'columns' | 'batchRows' | 'from'>,
): AsyncGenerator<RecordBatch> {
  assertNoSeq(columns);
  let seq = from;
  let waiting: ColumnValue[][] = columns.map(() => []);
  let start = 0;

  function nextBatch(rowCount: number): RecordBatch {
    const values = waiting.map((column) => column.slice(start, start + rowCount));
    const seqs = Array.from({ length: rowCount }, (_, at) => seq + at);
    start += rowCount;
    seq += rowCount;
    return buildRows([SEQ_COLUMN, ...columns], [seqs, ...values], rowCount);
  }

  for await (const block of blocks) {
    columns.forEach((column, at) => appendChecked(block, column, block.values[at]!, waiting[at]!));
    while (waiting[0]!.length - start >= batchRows) yield nextBatch(batchRows);
    waiting = waiting.map((column) => column.slice(start));
    start = 0;
  }
  if (waiting[0]!.length > 0) yield nextBatch(waiting[0]!.length);
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
      const message = `column "${column.name}", row ${row + at}: ${fault}${lines ? ROWS_FROM_ZERO : ''}.`;
      throw new ScaleQuestError('ERR_DATA_INVALID', message, {
        at: { file, line: lines?.[at] },
        data: { column: column.name, row: row + at },
      });
    }
    into.push(value as ColumnValue);
  });
}

function assertNoSeq(columns: readonly Column[]): void {
  if (columns.length > 0 && columns.every(({ name }) => name !== SEQ_COLUMN.name)) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `found the columns ${columns.map(({ name }) => name).join(', ') || '(none)'} to read, ` +
      `expected at least one, and not "${SEQ_COLUMN.name}": the reader numbers the rows itself.`,
  );
}
