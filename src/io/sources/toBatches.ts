import type { RecordBatch } from 'apache-arrow';
import { buildRows } from '../../arrow/build.js';
import { SEQ_COLUMN } from '../../arrow/columnType.js';
import type { ColumnValue } from '../../arrow/columnType.js';
import { ScaleQuestError } from '../../errors.js';
import { asColumn } from './fileOptions.js';
import type { Block, ReadRequest, SourceColumn } from './format.js';

/** Makes batches of `batchRows` rows with a column `seq` of blocks, whose values their readers have checked. */
export async function* toBatches(
  blocks: AsyncIterable<Block>,
  { columns, batchRows, from = 0 }: Pick<ReadRequest, 'columns' | 'batchRows' | 'from'>,
): AsyncGenerator<RecordBatch> {
  assertNoSeq(columns);
  const built = [SEQ_COLUMN, ...columns.map(asColumn)];
  let seq = from;
  let waiting: ColumnValue[][] = columns.map(() => []);
  let start = 0;

  function nextBatch(rowCount: number): RecordBatch {
    const values = waiting.map((column) => column.slice(start, start + rowCount));
    const seqs = Array.from({ length: rowCount }, (_, at) => seq + at);
    start += rowCount;
    seq += rowCount;
    return buildRows(built, [seqs, ...values], rowCount);
  }

  for await (const { values } of blocks) {
    values.forEach((column, at) => {
      for (const value of column) waiting[at]!.push(value);
    });
    while (waiting[0]!.length - start >= batchRows) yield nextBatch(batchRows);
    waiting = waiting.map((column) => column.slice(start));
    start = 0;
  }
  if (waiting[0]!.length > 0) yield nextBatch(waiting[0]!.length);
}

function assertNoSeq(columns: readonly SourceColumn[]): void {
  if (columns.length > 0 && columns.every(({ name }) => name !== SEQ_COLUMN.name)) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `found the columns ${columns.map(({ name }) => name).join(', ') || '(none)'} to read, ` +
      `expected at least one, and not "${SEQ_COLUMN.name}": the reader numbers the rows itself.`,
  );
}
