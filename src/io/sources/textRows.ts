import { ScaleQuestError } from '../../errors.js';
import type { ColumnValue } from '../../arrow/columnType.js';
import { ROWS_FROM_ZERO, asFileColumn, type TextFileOptions } from './fileOptions.js';
import type { Block, HeadRequest, ReadRequest } from './format.js';
import { HEAD_END } from './text/textHead.js';
import type { FileColumn, ReadRow } from '../values/jsonRow.js';

/** How a format of text finds the records of a file, and reads one of them. */
export interface TextReader<TextItem extends { line: number }> {
  /** The records that stand for rows, in order; lines count from 1. */
  records(file: string): AsyncIterable<readonly TextItem[]>;
  read(record: TextItem, columns: readonly FileColumn[]): ReadRow;
}

/**
 * Numbers the rows of text files, leaves out those before `from`, and those that cannot be read where the options say so: such a
 * line takes no position. Throws ERR_DATA_INVALID naming file, line and row for any other.
 */
export async function* readTextRows<TextItem extends { line: number }>(
  { paths, columns, batchRows, from = 0, onSkipped }: ReadRequest,
  { onBadLine = 'stop' }: TextFileOptions,
  reader: TextReader<TextItem>,
): AsyncGenerator<Block> {
  const fileColumns = columns.map(asFileColumn);
  let position = 0;
  for (const file of paths) {
    let row = 0;
    let block: Block | null = null;
    for await (const records of reader.records(file)) {
      for (const record of records) {
        // What stands before was read by an earlier start; which lines count as rows must be found again.
        if (position < from && onBadLine === 'stop') {
          position += 1;
          row += 1;
          continue;
        }
        const read = reader.read(record, fileColumns);
        if ('fault' in read) {
          if (onBadLine === 'stop') throw badLine(file, { line: record.line, row }, read);
          onSkipped?.({ file, line: record.line, position, message: messageOf(read) });
          continue;
        }
        row += 1;
        if (position++ < from) continue;
        block ??= emptyBlock(file, row - 1, columns.length);
        append(block.values, read.values);
        if (row - block.row < batchRows) continue;
        yield block;
        block = null;
      }
    }
    if (block) yield block;
  }
}

/**
 * Reads the rows at the head of a text file, and tells of each record there. Gives the number of rows that can be read, and
 * whether they are all of the file. Throws ERR_DATA_INVALID naming file, line and row for one that would end the run.
 */
export async function readTextHeadRows<TextItem extends { line: number }>(
  { file, rowsMax }: HeadRequest,
  { options, columns }: { options: TextFileOptions; columns: ReadRequest['columns'] },
  reader: TextReader<TextItem>,
  onRecord: (record: TextItem) => void,
): Promise<{ rows: number; isWhole: boolean }> {
  const fileColumns = columns.map(asFileColumn);
  let rows = 0;
  try {
    for await (const records of reader.records(file)) {
      for (const record of records) {
        const read = rows < rowsMax ? reader.read(record, fileColumns) : { values: [] };
        if (!('fault' in read)) rows += 1;
        else if (options.onBadLine !== 'skip') throw badLine(file, { line: record.line, row: rows }, read);
        onRecord(record);
      }
    }
    return { rows, isWhole: true };
  } catch (error) {
    if (error !== HEAD_END) throw error;
    return { rows, isWhole: false };
  }
}

function emptyBlock(file: string, row: number, columnCount: number): Block {
  return { file, row, values: Array.from({ length: columnCount }, () => []) };
}

function append(columns: ColumnValue[][], values: readonly ColumnValue[]): void {
  for (let at = 0; at < values.length; at++) columns[at]!.push(values[at]!);
}

type Fault = Extract<ReadRow, { fault: string }>;

function messageOf({ fault, column }: Fault): string {
  return column === undefined ? fault : `column "${column}": ${fault}`;
}

function badLine(
  file: string,
  { line, row }: { line: number; row: number },
  { fault, column }: Fault,
): ScaleQuestError {
  const message =
    column === undefined
      ? `${fault}; it is row ${row}${ROWS_FROM_ZERO}.`
      : `column "${column}", row ${row}: ${fault}${ROWS_FROM_ZERO}.`;
  return new ScaleQuestError('ERR_DATA_INVALID', message, {
    at: { file, line },
    data: { row, ...(column === undefined ? {} : { column }) },
  });
}
